/**
 * A message of the commands' stream read as the command it is. Anybody may have published it: what cannot be read is
 * refused, naming what was expected and what was found, and nothing of it is lost: its bytes go with the refusal.
 *
 * Invariants: never throws; a command that it gives, refused or not, can be stored.
 */
import { type Address, decodeToken, encodeToken } from '../../actors/address.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import { InvalidEventError, InvalidKeyError, type PerdureError, TooLargeError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { readBody } from './body.js'
import {
  type HeaderFields,
  headerFields,
  JSON_TYPE,
  MSGPACK_TYPE,
  type RawHeaders,
  textOf,
} from './header.js'

/** As the stream keeps it. */
export interface StoredMessage {
  readonly subject: string
  /** The stream's number of it. */
  readonly sequence: number
  readonly headers: RawHeaders | undefined
  /** Why there are none, when they are none of NATS: anybody may write what bytes they like. */
  readonly headersError?: string
  readonly body: Uint8Array
}

export interface ReadSite {
  /** Of the cluster. */
  readonly name: string
  /** Of the stream: what ids are minted from, for messages that bring none. */
  readonly identity: string
  readonly limits: Limits
}

export interface ReadCommand {
  /** Refused, it may only stand for what was sent. */
  readonly command: Command
  readonly refusal?: PerdureError
  /** Subject for the answer; absent: nobody hears it. */
  readonly replyTo?: string
}

/** Parts of a command, or what is wrong with them. */
type Part<Value> = { readonly value: Value } | { readonly refusal: PerdureError }

type Envelope = Pick<Command, 'commandId' | 'target' | 'trace'>

/** The type of the event that stands for what could not be read: no actor takes it. */
const UNREADABLE = '$unreadable'

export function readCommand(message: StoredMessage, site: ReadSite): ReadCommand {
  const fields = headerFields(message.headers)
  const target = targetOf(message.subject, fields, site)
  const address = 'value' in target ? target.value : standIn(message.subject, site.limits)
  const id = commandIdOf(address, fields, message.sequence, site)
  const replyTo = replyToOf(address, fields, site)
  const envelope: Envelope = {
    commandId: 'value' in id ? id.value : mintedId(message.sequence, site),
    target: address,
    ...traceOf(fields),
  }
  const hearer = 'value' in replyTo && replyTo.value !== undefined ? { replyTo: replyTo.value } : {}
  const parts: Part<unknown>[] = [target, id, replyTo, headersOf(address, message)]
  const wrong = parts.find(part => 'refusal' in part)
  const command = wrong ?? commandOf(message.body, fields, envelope, site)
  if ('value' in command) return { command: command.value as Command, ...hearer }
  return { command: unread(message, fields, envelope), refusal: command.refusal, ...hearer }
}

/** Subject: `<name>.shard.<number>.<type>.<key>`. */
export function targetOf(
  subject: string,
  { child }: HeaderFields,
  { limits }: Pick<ReadSite, 'limits'>,
): Part<Address> {
  const [type = '', key = '', ...more] = subject.split('.').slice(3)
  const path = child === undefined ? [] : child.split('/')
  const tokens = [type, key, ...path]
  const wrong = tokens.find(token => !isToken(token, limits))
  if (wrong === undefined && more.length === 0 && path.length <= limits.childDepthMax)
    return { value: tokens.join('/') }
  const what =
    wrong === undefined ? 'address' : wrong === type ? 'type' : wrong === key ? 'key' : 'Perdure-Child'
  const expected =
    wrong === undefined
      ? `a type, a key and at most ${limits.childDepthMax} children below`
      : `A–Z a–z 0–9 _ - ~ : and all else percent-encoded, at most ${limits.addressTokenBytesMax} bytes`
  const found = wrong === undefined ? `'${subject}' with child '${child ?? ''}'` : `'${wrong}'`
  return { refusal: new InvalidKeyError(what, expected, found, standIn(subject, limits)) }
}

/** Whether it is the one written form of what it stands for. */
function isToken(token: string, limits: Limits): boolean {
  if (token === '' || token.length > limits.addressTokenBytesMax) return false
  if (!token.includes('%')) return encodeToken(token) === token
  try {
    return encodeToken(decodeToken(token)) === token
  } catch {
    return false
  }
}

/** The root a subject names; for what names none, an address that shows it and that nobody can have meant. */
function standIn(subject: string, limits: Limits): Address {
  const [type = '', ...key] = subject.split('.').slice(3)
  return [type, key.join('.')]
    .map(token => (isToken(token, limits) ? token : encodeToken(token.toWellFormed())))
    .join('/')
}

function headersOf(address: Address, { headersError: found }: StoredMessage): Part<undefined> {
  if (found === undefined) return { value: undefined }
  return { refusal: new InvalidEventError(address, 'headers as NATS has them', found) }
}

function commandIdOf(
  address: Address,
  { commandId, messageId }: HeaderFields,
  sequence: number,
  site: ReadSite,
): Part<string> {
  const raw =
    commandId ?? (messageId?.startsWith(`${address}/`) ? messageId.slice(address.length + 1) : messageId)
  if (raw === undefined) return { value: mintedId(sequence, site) }
  const id = textOf(raw)
  const max = site.limits.commandIdCharsMax
  if (id !== undefined && id !== '' && id.length <= max) return { value: id }
  const found = id === undefined ? `'${raw}'` : `${id.length} characters`
  const expected = `1 to ${max} characters, '%' and what is not printable ASCII percent-encoded`
  return { refusal: new InvalidKeyError('command id', expected, found, address) }
}

function mintedId(sequence: number, { identity }: ReadSite): string {
  return `${identity}.${sequence}`
}

/** Only where answers go: a member may publish where whoever sent this may not. */
function replyToOf(address: Address, { reply }: HeaderFields, { name }: ReadSite): Part<string | undefined> {
  const prefix = `${name}.r.`
  if (
    reply === undefined ||
    (reply.startsWith(prefix) && /^[^\s.*>]+\.[^\s.*>]+$/.test(reply.slice(prefix.length)))
  )
    return { value: reply }
  const expected = `a Perdure-Reply of ${prefix}<client>.<token>`
  return { refusal: new InvalidEventError(address, expected, `'${reply}'`) }
}

function traceOf({ traceparent, tracestate }: HeaderFields): { trace?: string } {
  if (traceparent === undefined) return {}
  return { trace: tracestate === undefined ? traceparent : `${traceparent} ${tracestate}` }
}

function commandOf(
  body: Uint8Array,
  fields: HeaderFields,
  envelope: Envelope,
  site: ReadSite,
): Part<Command> {
  const { target } = envelope
  const refused = (expected: string, found: string) => ({
    refusal: new InvalidEventError(target, expected, found),
  })
  const read = readBody(body, fields.contentType)
  if ('expected' in read) return refused(read.expected, read.found)
  if (read.bytes > site.limits.payloadBytesMax)
    return { refusal: new TooLargeError(target, 'the body', read.bytes, site.limits.payloadBytesMax) }
  const { value } = read
  if (!isEvent(value))
    return refused("an event: an object with a non-empty string as its 'type'", shape(value))
  const isOwn = !value.type.startsWith('$')
  // Nearly all are no more than that.
  if (isOwn && fields.delay === undefined && fields.start === undefined)
    return { value: { ...envelope, kind: 'message', event: value } }
  const delay = delayOf(target, fields, site)
  if ('refusal' in delay) return delay
  const start = startOf(target, fields, site)
  if ('refusal' in start) return start
  const extras = { ...start.value, ...delay.value }
  if (isOwn) return { value: { ...envelope, kind: 'message', event: value, ...extras } }
  if (value.type === '$start') return birthOf(value, envelope, extras, fields)
  if (Object.keys(extras).length > 0) return refused(`no delay and no start with '${value.type}'`, 'one')
  if (value.type === '$terminate') return endOf(value, envelope)
  return refused("an event type of the machine's own, '$start' or '$terminate'", `'${value.type}'`)
}

/** `{ type: '$start', input }`, and with an `event` the start that comes before it where it must. */
function birthOf(
  { type, input, event, ...more }: ActorEvent,
  envelope: Envelope,
  extras: { start?: unknown; delayMs?: number },
  { child }: HeaderFields,
): Part<Command> {
  const refused = (expected: string, found: string) => ({
    refusal: new InvalidEventError(envelope.target, expected, found),
  })
  const [unknown] = Object.keys(more)
  if (unknown !== undefined) return refused(`'input' and 'event' with '${type}'`, `'${unknown}'`)
  if (extras.start !== undefined) return refused(`one input with '${type}'`, 'another in Perdure-Start')
  if (event !== undefined) {
    if (!isEvent(event) || event.type.startsWith('$'))
      return refused(`an event of the machine's own as the 'event' of '${type}'`, shape(event))
    const { delayMs } = extras
    const delay = delayMs === undefined ? {} : { delayMs }
    return { value: { ...envelope, kind: 'message', event, start: { input }, ...delay } }
  }
  if (extras.delayMs !== undefined) return refused(`no delay with '${type}'`, 'Perdure-Delay')
  if (child !== undefined) return refused('a child to be started by its parent', `'${type}'`)
  return { value: { ...envelope, kind: 'start', input } }
}

function endOf({ type, reason, ...more }: ActorEvent, envelope: Envelope): Part<Command> {
  const [unknown] = Object.keys(more)
  if (typeof reason === 'string' && reason.trim() !== '' && unknown === undefined)
    return { value: { ...envelope, kind: 'operator', order: { type: 'terminate', reason } } }
  const found = unknown === undefined ? shape(reason) : `'${unknown}'`
  return { refusal: new InvalidEventError(envelope.target, `a text as the 'reason' of '${type}'`, found) }
}

function delayOf(target: Address, { delay }: HeaderFields, { limits }: ReadSite): Part<{ delayMs?: number }> {
  if (delay === undefined) return { value: {} }
  const delayMs = Number(delay)
  if (delay.trim() !== '' && delayMs >= 0 && delayMs <= limits.waitMsMax) return { value: { delayMs } }
  const expected = `a Perdure-Delay between 0 and ${limits.waitMsMax} ms`
  return { refusal: new InvalidEventError(target, expected, `'${delay}'`) }
}

function startOf(
  target: Address,
  { start, contentType = JSON_TYPE }: HeaderFields,
  { limits }: ReadSite,
): Part<{ start?: { readonly input: unknown } }> {
  if (start === undefined) return { value: {} }
  const isPacked = contentType.toLowerCase().startsWith(MSGPACK_TYPE)
  const read = readBody(Buffer.from(start, isPacked ? 'base64url' : 'utf8'), contentType)
  if ('expected' in read)
    return {
      refusal: new InvalidEventError(target, `a Perdure-Start that is ${read.expected}`, read.found),
    }
  if (read.bytes <= limits.payloadBytesMax) return { value: { start: { input: read.value } } }
  return { refusal: new TooLargeError(target, 'Perdure-Start', read.bytes, limits.payloadBytesMax) }
}

/** What was sent, for whoever looks at the letter it becomes. */
function unread(message: StoredMessage, fields: HeaderFields, envelope: Envelope): Command {
  const { subject, sequence, body } = message
  const headers = Object.fromEntries(
    Object.entries(fields).map(([field, value]) => [field, value.toWellFormed()]),
  )
  const event = { type: UNREADABLE, subject, sequence, headers, body: new Uint8Array(body) }
  return { ...envelope, kind: 'message', event }
}

function isEvent(value: unknown): value is ActorEvent {
  const type = (value as { readonly type?: unknown } | null | undefined)?.type
  return typeof value === 'object' && !Array.isArray(value) && typeof type === 'string' && type !== ''
}

function shape(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' ? 'a string' : String(value).slice(0, 40)
  return 'type' in value ? `'type' of type ${typeof value.type}` : "an object without a 'type'"
}
