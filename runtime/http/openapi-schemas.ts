/** The shapes of the OpenAPI document: parameters, bodies, replies. Their truth is runtime/api/api.ts. */
import type { TypeView } from '../api/api.js'
import { requestStatuses, setupStatuses } from './statuses.js'

const text = { type: 'string' }
const number = { type: 'number' }
const whole = { type: 'integer', minimum: 0 }
const truth = { type: 'boolean' }
const anything = {}
const texts = { type: 'array', items: text }
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })
const list = (name: string) => ({ type: 'array', items: ref(name) })
const status = { type: 'string', enum: ['active', 'done', 'error', 'stopped'] }

/** An object of which all but the optional fields are always there. */
function object(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter(name => !optional.includes(name))
  return { type: 'object', properties, ...(required.length === 0 ? {} : { required }) }
}

function reply(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  return object({ ok: { const: true }, ...properties }, optional)
}

const receipt = {
  id: text,
  position: whole,
  durability: { type: 'string', enum: ['disk', 'replicated'] },
  duplicate: truth,
}
const told = { ...receipt, handled: truth }
const asked = { ...told, snapshot: ref('ActorView') }
const shown = { id: text, value: anything, tags: texts, status, version: text, seq: whole, at: number }

export const schemas = {
  Failure: object({
    ok: { const: false },
    error: object(
      {
        code: { type: 'string', enum: Object.keys({ ...requestStatuses, ...setupStatuses }) },
        message: text,
        retryable: truth,
        actorId: text,
        details: { type: 'object' },
      },
      ['actorId', 'details'],
    ),
  }),
  Event: { type: 'object', properties: { type: text }, required: ['type'], additionalProperties: true },
  ActorView: object(
    {
      ...shown,
      context: anything,
      output: anything,
      error: anything,
      quarantine: object({ reason: text, since: number, held: whole }),
    },
    ['context', 'output', 'error', 'quarantine'],
  ),
  ListedView: object({ ...shown, quarantined: { const: true } }, ['quarantined']),
  Entry: object(
    {
      address: text,
      seq: whole,
      position: whole,
      at: number,
      command: { type: 'object' },
      outcome: { type: 'string', enum: ['applied', 'unhandled', 'failed', 'held'] },
      error: { type: 'object' },
      value: anything,
      digest: text,
    },
    ['error', 'value', 'digest'],
  ),
  PublishedView: object({ seq: whole, at: number, event: ref('Event') }),
  DeadLetterView: object({
    id: text,
    address: text,
    at: number,
    position: whole,
    kind: text,
    event: text,
    command: { type: 'object' },
    error: { type: 'object' },
  }),
  TypeView: object(
    {
      type: text,
      version: text,
      previous: texts,
      fingerprints: { type: 'object', additionalProperties: text },
      selectors: texts,
      kind: { type: 'string', enum: ['machine', 'store'] },
    },
    ['version', 'kind'],
  ),
  inputBody: object({ input: anything }, ['input']),
  eventBody: {
    oneOf: [
      ref('Event'),
      object({ event: ref('Event'), start: object({ input: anything }, ['input']) }, ['start']),
    ],
  },
  doneBody: object(
    {
      output: anything,
      error: object({ message: text, name: text, code: text, details: anything, retry: truth }, [
        'name',
        'code',
        'details',
        'retry',
      ]),
    },
    ['output', 'error'],
  ),
  beatBody: object({ details: anything }, ['details']),
  reasonBody: object({ reason: text }),
  dropBody: object({ reason: text }, ['reason']),
  describeReply: reply(
    {
      perdure: text,
      mode: { type: 'string', enum: ['live', 'offline'] },
      path: text,
      pid: whole,
      startedAt: number,
      position: whole,
      types: list('TypeView'),
    },
    ['pid', 'startedAt'],
  ),
  statsReply: reply(
    {
      position: whole,
      bytes: whole,
      actors: {
        type: 'array',
        items: object({ type: text, version: text, status, count: whole }),
      },
      deadLetters: whole,
      live: object({
        uptimeMs: number,
        commandsWaiting: whole,
        activitiesRunning: whole,
        actorsInMemory: whole,
      }),
    },
    ['live'],
  ),
  startReply: reply({ ...asked, created: truth }),
  tellReply: reply(told),
  askReply: reply(asked),
  terminateReply: reply(receipt),
  quarantineReply: reply(receipt),
  releaseReply: reply(receipt),
  completeReply: reply(receipt),
  beatReply: reply(receipt),
  selectReply: reply({ value: anything }, ['value']),
  getReply: reply({ actor: ref('ActorView') }),
  historyReply: reply({ entries: list('Entry') }),
  publishedReply: reply({ events: list('PublishedView'), next: whole }, ['next']),
  listReply: reply({ actors: list('ListedView') }),
  countReply: reply({ count: whole }),
  deadLettersReply: reply({ deadLetters: list('DeadLetterView') }),
  deadLetterReply: reply({ deadLetter: ref('DeadLetterView') }),
  retryDeadLetterReply: reply(told),
  dropDeadLetterReply: reply(receipt),
}

function query(name: string, schema: object, description: string) {
  return { name, in: 'query', required: false, description, schema }
}

export const parameters = {
  child: query(
    'child',
    text,
    "A child of the actor: ids on the way down, percent-encoded and joined by '/'.",
  ),
  atSeq: query('atSeq', whole, 'Number of the entry after which the state is wanted.'),
  after: query('after', text, 'Where the page before ended: a seq, an address or the id of a letter.'),
  limit: query('limit', { type: 'integer', minimum: 1 }, 'Rows at the most.'),
  type: query('type', text, 'Of that type.'),
  state: query('state', text, "In that state, written 'a.b', or below it."),
  tag: query('tag', text, 'In a state with that tag.'),
  status: query('status', status, 'Of that status.'),
  version: query('version', text, 'Pinned to that version.'),
  quarantined: query('quarantined', truth, 'Quarantined, or not.'),
  idleMs: query('idleMs', whole, 'Without an entry for that many milliseconds.'),
  until: query('until', text, "What to wait for: a state 'a.b', '#tag', or 'done' for its end."),
  timeoutMs: query('timeoutMs', whole, 'Milliseconds to wait.'),
  delayMs: query('delayMs', whole, 'Milliseconds to keep the event before it is stepped.'),
  encoding: query('encoding', { type: 'string', enum: ['json', 'msgpack'] }, 'Form of the data.'),
  commandId: query('commandId', text, 'As `Idempotency-Key`, for an id that no header can hold.'),
}

export function pathParameters(name: string, types: readonly TypeView[]) {
  const known = name === 'type' ? types.map(one => one.type) : []
  const selectors = name === 'selector' ? [...new Set(types.flatMap(one => one.selectors))] : []
  const values = [...known, ...selectors]
  const schema = values.length === 0 ? text : { ...text, enum: values }
  return { name, in: 'path', required: true, description: DESCRIPTIONS[name] ?? name, schema }
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  type: 'Type of the actor.',
  key: 'Key of the actor.',
  id: 'Id of the dead letter, or token of the attempt.',
  selector: 'Name of the question.',
}
