/** `perdure send` and `perdure ask`: an event for an actor, without and with an answer. */
import { Command } from 'commander'
import type { Address } from '../../../actors/address.js'
import type { TellRequest } from '../../api/api.js'
import { address, duration, eventOf, json, payload } from '../arguments.js'
import { exitCodes } from '../exit-codes.js'
import { interruptible } from '../interruption.js'
import { factsOf, printAnswer, printJson, printLine } from '../output.js'
import { receiptText } from '../receipt-text.js'
import { asking, type SourceFlags, withApi } from '../source.js'
import { taught } from '../teaching.js'
import { underId } from '../under-id.js'
import { viewText } from '../view-text.js'

interface SendFlags extends SourceFlags {
  readonly start?: unknown
  readonly id?: string
  readonly delay?: number
  readonly json?: boolean
}

interface AskFlags extends SendFlags {
  readonly until?: string
  readonly timeout?: number
}

export function sendCommand(): Command {
  const command = sending(
    'send',
    'send an event',
    'Send an event to an actor. Done when it is on the disk and applied.',
  ).action(send)
  return taught(asking(command), [
    `send order/o-1 APPROVE '{"by":"ann"}'`,
    `send order/o-2 CANCEL --delay 10m --id cancel-o-2`,
    `send cart/c-1 ADD '{"sku":"a"}' --start '{"customer":"ann"}'`,
  ])
}

export function askCommand(): Command {
  const command = sending(
    'ask',
    'send an event and see what it leads to',
    'Send an event to an actor and show the state it leads to.',
  )
    .option('--until <state>', "the first state that fits: a path 'a.b', a '#tag', or 'done'")
    .option('--timeout <time>', 'how long to wait for the answer: 10s, 5m', duration)
    .action(ask)
  return taught(asking(command), [
    `ask order/o-1 APPROVE '{"by":"ann"}'`,
    `ask order/o-1 APPROVE '{"by":"ann"}' --until done --timeout 30s`,
  ])
}

function sending(name: string, summary: string, description: string): Command {
  return new Command(name)
    .summary(summary)
    .description(description)
    .argument('<actor>', 'TYPE/KEY', address)
    .argument('<event>', "the event's type")
    .argument('[fields]', "the event's other fields, a JSON object", payload)
    .option('--start <input>', 'give birth to it with this input (JSON), if it does not live yet', json)
    .option('--id <id>', 'idempotency key of the command; the same again is answered, not applied')
    .option('--delay <time>', 'apply the event that much later: 10s, 5m, 1h', duration)
}

async function send(
  actor: Address,
  type: string,
  fields: Record<string, unknown> | undefined,
  flags: SendFlags,
): Promise<void> {
  const reply = await underId(flags.id, id =>
    withApi(flags, api => api.tell(requestOf(actor, type, fields, { ...flags, id }))),
  )
  if (!reply.handled) process.exitCode = exitCodes.no
  if (flags.json) return printJson(reply)
  printLine(receiptText(reply, reply.handled ? undefined : noTransition(type)))
}

async function ask(
  actor: Address,
  type: string,
  fields: Record<string, unknown> | undefined,
  flags: AskFlags,
): Promise<void> {
  const { until, timeout: timeoutMs } = flags
  const waiting = {
    ...(until === undefined ? {} : { until }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  const reply = await underId(flags.id, id => {
    const request = { ...requestOf(actor, type, fields, { ...flags, id }), ...waiting }
    return interruptible(signal => withApi(flags, api => api.ask(request), signal))
  })
  if (!reply.handled) process.exitCode = exitCodes.no
  if (flags.json) return printAnswer(reply)
  printLine(factsOf([['handled', reply.handled ? 'yes' : `no: ${noTransition(type)}`]]))
  printLine(viewText(reply.snapshot))
}

function noTransition(type: string): string {
  return `its state has no transition for ${type}`
}

function requestOf(
  actor: Address,
  type: string,
  fields: Record<string, unknown> | undefined,
  { start, id, delay }: SendFlags,
): TellRequest {
  return {
    address: actor,
    event: eventOf(type, fields),
    ...(start === undefined ? {} : { start: { input: start } }),
    ...(id === undefined ? {} : { id }),
    ...(delay === undefined ? {} : { delayMs: delay }),
  }
}
