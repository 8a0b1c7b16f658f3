/**
 * The HTTP door as a table: each verb of `Api`, where it is found, what it takes and what it answers. The
 * handler, the OpenAPI document and whoever calls from elsewhere all read this.
 *
 * Conventions
 * - A path's `:type`, `:key`, `:id`, `:selector` are one percent-encoded segment each; `/actors/` with an address
 *   behind it is the path of a root. A child is its root's path and `?child=`, its ids percent-encoded and joined by `/`.
 * - Bodies are JSON, or `application/msgpack` in the codec's form (actors/codec.ts), which loses nothing: a request
 *   says by `Content-Type`, an answer follows `Accept`. In msgpack an `ActorView` has its `state`.
 * - A command's body is the XState event itself, or `{ event, start: { input } }` to give birth on the way. Its id
 *   is the header `Idempotency-Key` (or `?commandId=`, for one that no header can hold), its trace context the header
 *   `traceparent`.
 * - Answers are `{ ok: true, … }`, or `{ ok: false, error: { code, message, retryable, actorId?, details? } }`.
 *   A `NotFound` with an `actorId` means that the actor was never born; without one, that there is no such type or place.
 * - Streams are server-sent events. Of `changes`: the event `change`, its id the state's seq (go on with
 *   `Last-Event-ID`, or `?after=`), its data an `ActorView`. Of `events`: the event `emitted`. The event `failed` has an
 *   error's body and is the last. With `?encoding=msgpack` data are base64 of msgpack.
 */
import type { Api } from '../api/api.js'

export type Verb = keyof Api

export type QueryName =
  | 'child'
  | 'atSeq'
  | 'after'
  | 'limit'
  | 'type'
  | 'state'
  | 'tag'
  | 'status'
  | 'version'
  | 'quarantined'
  | 'idleMs'
  | 'until'
  | 'timeoutMs'
  | 'delayMs'
  | 'encoding'
  | 'commandId'

/** What a request body holds. `none`: it is not read. */
export type BodyKind = 'none' | 'input' | 'event' | 'reason' | 'drop' | 'backup' | 'done' | 'beat'

/** The field of an answer that holds the result; `whole`: the result's fields stand beside `ok`. */
type ReplyField = 'whole' | 'value' | 'actor' | 'entries' | 'actors' | 'count' | 'deadLetters' | 'deadLetter'

export interface Route {
  readonly verb: Verb
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query: readonly QueryName[]
  readonly body: BodyKind
  /** Status of a success. `start` answers 201 when it gave birth. */
  readonly success: 200 | 201
  readonly content: 'reply' | 'stream'
  readonly reply: ReplyField
  /** `local`: only on the control socket, since it writes where the caller says. */
  readonly open: 'everywhere' | 'local'
  /** What it does, in a sentence. */
  readonly summary: string
}

type Rest = Partial<Omit<Route, 'verb' | 'method' | 'path' | 'summary'>>

function get(path: string, verb: Verb, summary: string, rest: Rest = {}): Route {
  return { ...DEFAULTS, verb, method: 'GET', path, summary, ...rest }
}

function post(path: string, verb: Verb, summary: string, rest: Rest = {}): Route {
  return { ...DEFAULTS, verb, method: 'POST', path, summary, ...rest }
}

const DEFAULTS = {
  query: [],
  body: 'none',
  success: 200,
  content: 'reply',
  reply: 'whole',
  open: 'everywhere',
} as const

const ACTOR = '/actors/:type/:key'
const FILTER = ['type', 'state', 'tag', 'status', 'version', 'quarantined', 'idleMs'] as const

export const routes: readonly Route[] = [
  get('/', 'describe', 'What runs here: types, versions, selectors, position.'),
  get('/stats', 'stats', 'Numbers about the runtime and its journal.'),
  get('/actors', 'list', 'A page of root actors, in address order.', {
    query: [...FILTER, 'after', 'limit'],
    reply: 'actors',
  }),
  get('/actors/count', 'count', 'How many root actors there are.', { query: FILTER, reply: 'count' }),
  post(`${ACTOR}/start`, 'start', 'Gives birth, unless the actor lives: then 200 and nothing changes.', {
    query: ['timeoutMs', 'commandId'],
    body: 'input',
    success: 201,
  }),
  post(`${ACTOR}/tell`, 'tell', 'Sends an event; answers when it is durable and applied.', {
    query: ['child', 'delayMs', 'commandId'],
    body: 'event',
  }),
  post(
    `${ACTOR}/ask`,
    'ask',
    'Sends an event; answers with the state after it, or with the first that fits `until`.',
    {
      query: ['child', 'until', 'timeoutMs', 'delayMs', 'commandId'],
      body: 'event',
    },
  ),
  post(`${ACTOR}/terminate`, 'terminate', 'Ends the actor where it is, with all it runs.', {
    query: ['child'],
    body: 'reason',
  }),
  post(
    `${ACTOR}/quarantine`,
    'quarantine',
    'Lets it rest where it is, with all below it, until its release.',
    {
      body: 'reason',
    },
  ),
  post(`${ACTOR}/release`, 'release', 'Lets it go on, with what was kept for it first.'),
  get(ACTOR, 'get', 'The state now, or after entry `atSeq`. Wakes and writes nothing.', {
    query: ['child', 'atSeq'],
    reply: 'actor',
  }),
  get(`${ACTOR}/history`, 'history', 'A page of entries after a seq, oldest first.', {
    query: ['child', 'after', 'limit'],
    reply: 'entries',
  }),
  get(`${ACTOR}/published`, 'published', 'A page of what it published after a seq: its audit trail.', {
    query: ['child', 'after', 'limit'],
  }),
  get(`${ACTOR}/changes`, 'changes', 'Each state after a seq (from now on, when absent), none left out.', {
    query: ['child', 'after', 'encoding'],
    content: 'stream',
  }),
  get(`${ACTOR}/events`, 'events', 'What the actor emits from now on.', {
    query: ['child', 'encoding'],
    content: 'stream',
  }),
  get(`${ACTOR}/select/:selector`, 'select', 'Answers a named question about the state.', {
    reply: 'value',
  }),
  post('/activities/:id/done', 'complete', 'Ends an attempt that is worked on elsewhere, by its token.', {
    body: 'done',
  }),
  post('/activities/:id/beat', 'beat', 'Says that an attempt lives, and what the next one should know.', {
    body: 'beat',
  }),
  get('/dead-letters', 'deadLetters', 'A page of commands that could not be applied, oldest first.', {
    query: ['after', 'limit'],
    reply: 'deadLetters',
  }),
  get('/dead-letters/:id', 'deadLetter', 'One of them.', { reply: 'deadLetter' }),
  post('/dead-letters/:id/retry', 'retryDeadLetter', 'Hands its command to the actor again.'),
  post('/dead-letters/:id/drop', 'dropDeadLetter', 'Takes it away for good.', { body: 'drop' }),
  post('/backup', 'backup', 'Copies the journal into a new directory.', { body: 'backup', open: 'local' }),
]

/** The document that describes this door to programs; the handler's own, no verb of `Api`. */
export const OPENAPI_PATH = '/openapi.json'
/** For Prometheus, as text; no verb of `Api` either. */
export const METRICS_PATH = '/metrics'
/** For whoever watches over the process: whether it must be started again, and whether it had better be asked now. */
export const HEALTH_PATH = '/healthz'
export const READY_PATH = '/readyz'

export const MSGPACK = 'application/msgpack'
