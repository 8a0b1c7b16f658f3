/**
 * The fields of entries, commands and records in stored order, which is the stored format.
 *
 * Invariants: a list only grows at its end; every field of a type is in its list (the compiler checks).
 */
import type { Command, InvocationToken } from '../../actors/command.js'
import type {
  DeadLetter,
  JournalEntry,
  PublishedEvent,
  RecordIndex,
  SettledLetter,
} from '../../actors/commit.js'
import type { ActorRecord, Child, Invocation, RecentCommand, Task, Timer } from '../../actors/record.js'

type FieldOf<T> = T extends unknown ? keyof T & string : never
type Missing<T, Names extends readonly string[]> = Exclude<FieldOf<T>, Names[number]>

/** The fields of a type in stored order; does not compile when one is missing. */
function fields<T>() {
  return <const Names extends readonly FieldOf<T>[]>(
    ...names: Missing<T, Names> extends never ? Names : never
  ): readonly string[] => names
}

/** Of any command: what is always there, and after the body what seldom is, so that it can be left out. */
const head = ['kind', 'commandId', 'target'] as const
const rest = ['sender', 'at', 'trace', 'attempts'] as const
export const commandFields = {
  start: fields<Extract<Command, { kind: 'start' }>>()(
    ...head,
    'input',
    ...rest,
    'redriven',
    'version',
    'unheard',
  ),
  message: fields<Extract<Command, { kind: 'message' }>>()(
    ...head,
    'event',
    ...rest,
    'start',
    'ask',
    'delayMs',
    'redriven',
    'unheard',
  ),
  result: fields<Extract<Command, { kind: 'result' }>>()(
    ...head,
    'token',
    'outcome',
    ...rest,
    'redriven',
    'unheard',
  ),
  timer: fields<Extract<Command, { kind: 'timer' }>>()(...head, 'timer', ...rest, 'redriven', 'unheard'),
  operator: fields<Extract<Command, { kind: 'operator' }>>()(
    ...head,
    'order',
    ...rest,
    'redriven',
    'unheard',
  ),
} satisfies Record<Command['kind'], readonly string[]>

export const entryFields = fields<JournalEntry>()(
  'address',
  'seq',
  'position',
  'at',
  'command',
  'outcome',
  'value',
  'error',
  'digest',
)
export const publishedFields = fields<PublishedEvent>()('address', 'seq', 'position', 'at', 'event')
export const deadLetterFields = fields<DeadLetter>()('position', 'at', 'command', 'error')
export const settledLetterFields = fields<SettledLetter>()('id', 'how', 'reason')
export const indexFields = fields<RecordIndex>()(
  'value',
  'tags',
  'timerDueAt',
  'retryDueAt',
  'owes',
  'quarantined',
)
export const recentFields = fields<RecentCommand>()(
  'commandId',
  'payload',
  'seq',
  'position',
  'at',
  'handled',
  'error',
  'created',
)
export const timerFields = fields<Timer>()('number', 'id', 'dueAt', 'event', 'to', 'trace')
export const childFields = fields<Child>()('id', 'src', 'epoch')
export const taskFields = fields<Task>()(
  'input',
  'attempt',
  'state',
  'dueAt',
  'output',
  'error',
  'heartbeat',
  'away',
  'endsAt',
)
export const invocationFields = fields<Invocation>()(
  'id',
  'src',
  'epoch',
  'startedAt',
  'position',
  'deadlineAt',
  'tasks',
  'trace',
)
/** The actor last: as a rule the target of the command that holds the token, and left out. */
export const tokenFields = fields<InvocationToken>()('incarnation', 'id', 'epoch', 'task', 'attempt', 'actor')
export const recordFields = fields<ActorRecord>()(
  'address',
  'incarnation',
  'version',
  'seq',
  'position',
  'at',
  'status',
  'state',
  'child',
  'timers',
  'invocations',
  'children',
  'epoch',
  'timer',
  'recent',
  'terminated',
  'quarantine',
)

export const TARGET_AT = head.indexOf('target')

/** How many fields there are to write: what is absent at the end is left out. */
export function lengthOf(names: readonly string[], value: object): number {
  const source = value as Record<string, unknown>
  let length = names.length
  while (length > 0 && source[names[length - 1]!] === undefined) length--
  return length
}
