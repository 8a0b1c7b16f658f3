/** A request's query and headers, read and checked. Names that mean nothing here are left to whoever put them there. */
import type { IncomingHttpHeaders } from 'node:http'
import type { ActorStatus } from '../../actors/logic.js'
import { badRequest } from './refusal.js'
import type { QueryName } from './routes.js'

export interface Parameters {
  readonly child?: string
  readonly atSeq?: number
  /** A seq, a letter's id or an address, as the verb has it. */
  readonly after?: string
  readonly limit?: number
  readonly type?: string
  readonly state?: string
  readonly tag?: string
  readonly status?: ActorStatus
  readonly version?: string
  readonly quarantined?: boolean
  readonly idleMs?: number
  readonly until?: string
  readonly timeoutMs?: number
  readonly delayMs?: number
  readonly encoding?: string
  readonly commandId?: string
}

const STATUSES: readonly ActorStatus[] = ['active', 'done', 'error', 'stopped']

/** @throws HttpRefusal 400 */
export function parametersOf(search: string, names: readonly QueryName[]): Parameters {
  const given = new URLSearchParams(search)
  const read: Partial<Record<QueryName, unknown>> = {}
  for (const name of names) {
    const values = given.getAll(name)
    if (values.length > 1) throw badRequest(`'${name}'`, 'it once', `it ${values.length} times`)
    if (values[0] !== undefined) read[name] = readers[name]?.(name, values[0]) ?? values[0]
  }
  return read as Parameters
}

type Reader = (name: string, text: string) => unknown

const readers: Readonly<Partial<Record<QueryName, Reader>>> = {
  atSeq: (name, text) => wholeNumber(`'${name}'`, text, 0),
  limit: (name, text) => wholeNumber(`'${name}'`, text, 1),
  idleMs: (name, text) => wholeNumber(`'${name}'`, text, 0),
  timeoutMs: (name, text) => wholeNumber(`'${name}'`, text, 0),
  delayMs: (name, text) => wholeNumber(`'${name}'`, text, 0),
  status: (_, text) => oneOf("'status'", text, STATUSES),
  quarantined: (_, text) => oneOf("'quarantined'", text, ['true', 'false']) === 'true',
  encoding: (_, text) => oneOf("'encoding'", text, ['json', 'msgpack']),
}

/** @throws HttpRefusal 400 */
export function wholeNumber(what: string, text: string, least: number): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least)
    throw badRequest(what, `a whole number from ${least}`, `'${text}'`)
  return number
}

function oneOf(what: string, text: string, known: readonly string[]): string {
  if (!known.includes(text)) throw badRequest(what, known.join(', '), `'${text}'`)
  return text
}

/** Where a stream goes on: a client that comes back says what it saw last, which is later than what its address says. */
export function resumeAfter(headers: IncomingHttpHeaders, after: string | undefined): number | undefined {
  const seen = headers['last-event-id']
  if (typeof seen === 'string' && seen !== '') return wholeNumber("'Last-Event-ID'", seen, 0)
  return after === undefined ? undefined : wholeNumber("'after'", after, 0)
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** A command's id and its trace context, as its sender names them. A trace context that is none counts as absent, as W3C has it. */
export function commandNames(
  headers: IncomingHttpHeaders,
  { commandId }: Parameters,
): { id?: string; trace?: string } {
  const { traceparent } = headers
  const id = commandId ?? headers['idempotency-key']
  return {
    ...(typeof id === 'string' ? { id } : {}),
    ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { trace: traceparent } : {}),
  }
}
