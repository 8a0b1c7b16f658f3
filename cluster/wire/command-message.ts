/**
 * A command from outside as the message that carries it: what `read-command.ts` reads back. Bodies are MessagePack in
 * our stored form, so that what JSON lacks (dates, maps, bytes) arrives as it was; others may write JSON.
 */
import { type Address, encodeToken, rootOf } from '../../actors/address.js'
import { encode } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import { InvalidEventError, InvalidKeyError } from '../../actors/errors.js'
import type { Names } from '../names.js'
import { HEADER, headerText, MSGPACK_TYPE } from './header.js'

/** A message to be published. */
export interface WireMessage {
  readonly subject: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

export interface Sending {
  /** Subject the answer is waited for on; absent: nobody waits. */
  readonly replyTo?: string
  /** How often it was sent before: the stream must store it again, so that it is answered again. */
  readonly repeat?: number
}

/**
 * @throws InvalidEventError for a command that only comes from inside; InvalidKeyError for an id that has no UTF-8
 * form; UnserialisableError.
 */
export function commandMessage(
  command: Command,
  names: Names,
  { replyTo, repeat = 0 }: Sending = {},
): WireMessage {
  const { commandId, target, trace } = command
  if (!commandId.isWellFormed())
    throw new InvalidKeyError('command id', 'well-formed Unicode', 'a lone surrogate', target)
  const [traceparent = '', tracestate = ''] = split(trace ?? '', ' ')
  const root = rootOf(target)
  const headers: (readonly [string, string | undefined])[] = [
    [HEADER.messageId, messageId(target, commandId, repeat)],
    [HEADER.commandId, headerText(commandId)],
    [HEADER.child, target === root ? undefined : target.slice(root.length + 1)],
    [HEADER.reply, replyTo],
    [HEADER.delay, command.kind === 'message' ? command.delayMs?.toString() : undefined],
    [HEADER.traceparent, isPrintable(traceparent) ? traceparent : undefined],
    [HEADER.tracestate, isPrintable(tracestate) ? tracestate : undefined],
    [HEADER.contentType, MSGPACK_TYPE],
  ]
  return {
    subject: names.command(target),
    headers: headers.filter((one): one is readonly [string, string] => one[1] !== undefined && one[1] !== ''),
    body: encode(bodyOf(command)),
  }
}

function bodyOf(command: Command): unknown {
  if (command.kind === 'start') return { type: '$start', input: command.input }
  if (command.kind === 'operator' && command.order.type === 'terminate')
    return { type: '$terminate', reason: command.order.reason }
  if (command.kind !== 'message' || command.ask !== undefined)
    throw new InvalidEventError(command.target, 'a command from outside', `one of kind '${command.kind}'`)
  const { event, start } = command
  // In the body, for headers have little room.
  return start === undefined ? event : { type: '$start', input: start.input, event }
}

/** What JetStream knows it by, for all actors together: a bare id would drop another actor's command. */
function messageId(target: Address, commandId: string, repeat: number): string {
  const root = rootOf(target)
  const id = `${root}/${encodeToken(commandId)}${target.slice(root.length)}`
  return repeat === 0 ? id : `${id}#${repeat}`
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at)
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

function isPrintable(text: string): boolean {
  return /^[ -~]*$/.test(text) && text === text.trim()
}
