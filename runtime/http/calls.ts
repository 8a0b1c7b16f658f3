/** Requests as calls of `Api`, one a verb. */
import type { Address } from '../../actors/address.js'
import type { ActorEvent } from '../../actors/command.js'
import { LetterNotFoundError, NoStateError } from '../../actors/errors.js'
import type { Api, HistoryRequest } from '../api/api.js'
import { type Parameters, wholeNumber } from './parameters.js'
import { badRequest } from './refusal.js'
import type { Verb } from './routes.js'

/** A request, taken apart. */
export interface Call {
  /** Of the actor that the path names; the empty text where it names none. */
  readonly address: Address
  /** A dead letter's id, or a selector's name. */
  readonly name: string
  readonly query: Parameters
  readonly body: unknown
  readonly command: { readonly id?: string; readonly trace?: string }
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

type Make = (api: Api, call: Call) => Promise<unknown>

export const calls: Readonly<Record<Exclude<Verb, 'changes' | 'events'>, Make>> = {
  describe: api => api.describe(),
  stats: api => api.stats(),
  start: (api, { address, query, body, command, signal }) =>
    api.start({ address, input: fieldsOf(body).input, ...pick(query, 'timeoutMs'), ...command, signal }),
  tell: (api, { address, query, body, command }) =>
    api.tell({ address, ...messageOf(body), ...pick(query, 'delayMs'), ...command }),
  ask: (api, { address, query, body, command, signal }) =>
    api.ask({
      address,
      ...messageOf(body),
      ...pick(query, 'delayMs', 'timeoutMs', 'until'),
      ...command,
      signal,
    }),
  terminate: (api, { address, body }) => api.terminate({ address, reason: textOf(fieldsOf(body), 'reason') }),
  quarantine: (api, { address, body }) =>
    api.quarantine({ address, reason: textOf(fieldsOf(body), 'reason') }),
  release: (api, { address }) => api.release({ address }),
  complete: (api, { name, body }) => api.complete({ ...fieldsOf(body), token: name }),
  beat: (api, { name, body }) => {
    const { details } = body === undefined ? {} : fieldsOf(body)
    return api.beat({ token: name, ...(details === undefined ? {} : { details }) })
  },
  select: (api, { address, name }) => api.select({ address, selector: name }),
  get: async (api, { address, query }) => {
    const found = await api.get({ address, ...pick(query, 'atSeq') })
    if (found === undefined) throw new NoStateError(address, query.atSeq)
    return found
  },
  history: (api, call) => api.history(entriesAsked(call)),
  published: (api, call) => api.published(entriesAsked(call)),
  list: (api, { query }) => api.list(query),
  count: (api, { query }) => api.count(query),
  deadLetters: (api, { query }) => api.deadLetters(pick(query, 'after', 'limit')),
  deadLetter: async (api, { name }) => {
    const found = await api.deadLetter({ id: name })
    if (found === undefined) throw new LetterNotFoundError(name)
    return found
  },
  retryDeadLetter: (api, { name }) => api.retryDeadLetter({ id: name }),
  dropDeadLetter: (api, { name, body }) => {
    const fields = body === undefined ? {} : fieldsOf(body)
    return api.dropDeadLetter({
      id: name,
      ...(fields.reason === undefined ? {} : { reason: textOf(fields, 'reason') }),
    })
  },
  backup: (api, { body }) => api.backup({ to: textOf(fieldsOf(body), 'to') }),
}

function entriesAsked({ address, query }: Call): HistoryRequest {
  const { after } = query
  return {
    address,
    ...(after === undefined ? {} : { after: wholeNumber("'after'", after, 0) }),
    ...pick(query, 'limit'),
  }
}

/** The event alone, or with what its actor is to be born with. What the event holds, the door checks. */
function messageOf(body: unknown): { event: ActorEvent; start?: { input: unknown } } {
  const fields = fieldsOf(body)
  if (Object.hasOwn(fields, 'type') || !Object.hasOwn(fields, 'event')) return { event: fields as ActorEvent }
  const event = fields.event as ActorEvent
  return fields.start === undefined
    ? { event }
    : { event, start: { input: fieldsOf(fields.start, "'start'").input } }
}

function fieldsOf(body: unknown, what = 'body'): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>
  throw badRequest(what, 'an object', Array.isArray(body) ? 'an array' : body === null ? 'null' : typeof body)
}

function textOf(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw badRequest(`'${name}'`, 'a text', typeof value)
  if (value.trim() === '') throw badRequest(`'${name}'`, 'a text', 'an empty one')
  return value
}

function pick<Name extends keyof Parameters>(query: Parameters, ...names: Name[]): Pick<Parameters, Name> {
  const picked: Partial<Parameters> = {}
  for (const name of names) if (query[name] !== undefined) Object.assign(picked, { [name]: query[name] })
  return picked as Pick<Parameters, Name>
}
