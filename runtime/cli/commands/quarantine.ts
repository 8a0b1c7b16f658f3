/** `perdure quarantine` and `perdure release`: an actor rests, and goes on. */
import { Command } from 'commander'
import type { Address } from '../../../actors/address.js'
import { address, someText } from '../arguments.js'
import { printJson, printLine } from '../output.js'
import { receiptText } from '../receipt-text.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'

interface Flags extends SourceFlags {
  readonly json?: boolean
}

export function quarantineCommand(): Command {
  const command = new Command('quarantine')
    .summary('let an actor rest where it is')
    .description(
      'Let an actor and all below it rest where they are: timers and activities wait, who asks is refused, ' +
        'what nobody waits for is kept for its release. All other actors go on.',
    )
    .argument('<actor>', 'TYPE/KEY', address)
    .argument('<reason>', 'kept in its history', someText)
    .action(quarantine)
  return taught(asking(command), [`quarantine order/o-1 'differs at entry 7'`, 'list --quarantined'])
}

export function releaseCommand(): Command {
  const command = new Command('release')
    .summary('let a quarantined actor go on')
    .description(
      'Let a quarantined actor go on from its state as it stands, with what was kept for it first.',
    )
    .argument('<actor>', 'TYPE/KEY', address)
    .action(release)
  return taught(asking(command), ['release order/o-1'])
}

async function quarantine(actor: Address, reason: string, flags: Flags): Promise<void> {
  const receipt = await withApi(flags, api => api.quarantine({ address: actor, reason }))
  if (flags.json) printJson(receipt)
  else printLine(`${actor} is quarantined: ${receiptText(receipt)}`)
}

async function release(actor: Address, flags: Flags): Promise<void> {
  const receipt = await withApi(flags, api => api.release({ address: actor }))
  if (flags.json) printJson(receipt)
  else printLine(`${actor} is released: ${receiptText(receipt)}`)
}
