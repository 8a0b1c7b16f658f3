/** `perdure terminate`: ends an actor where it is. */
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

export function terminateCommand(): Command {
  const command = new Command('terminate')
    .summary('end an actor where it is')
    .description('End an actor where it is, with its activities, timers and children. Its history stays.')
    .argument('<actor>', 'TYPE/KEY', address)
    .argument('<reason>', 'kept in its history', someText)
    .action(terminate)
  return taught(asking(command), [`terminate order/o-1 'made by mistake'`])
}

async function terminate(actor: Address, reason: string, flags: Flags): Promise<void> {
  const receipt = await withApi(flags, api => api.terminate({ address: actor, reason }))
  if (flags.json) printJson(receipt)
  else printLine(`${actor} is ended: ${receiptText(receipt)}`)
}
