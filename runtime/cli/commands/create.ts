/** `perdure create`: gives birth to an actor. */
import { Command } from 'commander'
import type { Address } from '../../../actors/address.js'
import { address, duration, json } from '../arguments.js'
import { printAnswer, printLine } from '../output.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'
import { underId } from '../under-id.js'
import { viewText } from '../view-text.js'

interface Flags extends SourceFlags {
  readonly id?: string
  readonly timeout?: number
  readonly json?: boolean
}

export function createCommand(): Command {
  const command = new Command('create')
    .summary('give birth to an actor')
    .description('Give birth to an actor. One that lives already is left as it is, and that is no error.')
    .argument('<actor>', 'TYPE/KEY', address)
    .argument('[input]', 'what it is born with, as JSON', json)
    .option('--id <id>', 'idempotency key of the command; minted when absent')
    .option('--timeout <time>', 'how long to wait for the answer: 10s, 5m', duration)
    .action(create)
  return taught(asking(command), [`create order/o-1 '{"customer":"ann","amount":12}'`])
}

async function create(actor: Address, input: unknown, flags: Flags): Promise<void> {
  const { timeout: timeoutMs } = flags
  const reply = await underId(flags.id, id =>
    withApi(flags, api =>
      api.start({ address: actor, input, id, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    ),
  )
  if (flags.json) return printAnswer(reply)
  printLine(reply.created ? `${actor} is born` : `${actor} lived already`)
  printLine(viewText(reply.snapshot))
}
