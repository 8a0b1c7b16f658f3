/**
 * What a result does to the invocation it belongs to: ends it, schedules the next attempt, or moves an
 * `each` on. A result whose token matches nothing is an old one and is dropped.
 */
import type { InvocationToken, Outcome, ResultCommand } from '../../actors/command.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { ActivityPolicy, Source, Stimulus } from '../../actors/logic.js'
import type { Invocation, Task } from '../../actors/record.js'
import { beginTask, startState, taskSource } from './apply-effects.js'
import { backoffMs } from './backoff.js'
import type { Draft } from './draft.js'
import type { Life } from './life.js'

/** What a result means for its actor: something for the logic, only bookkeeping, or nothing. */
export type ResultMeaning = { readonly stimulus: Stimulus } | 'bookkeeping'

const RUNNING: ReadonlySet<Task['state']> = new Set([
  'ready',
  'started',
  'elsewhere',
  'asked',
  'waiting',
  'parked',
])

/** Whether the result belongs to something this actor still waits for. */
export function awaits(life: Life, { token }: Pick<ResultCommand, 'token'>): boolean {
  const { record } = life
  if (record.status !== 'active' || token.incarnation !== record.incarnation) return false
  if (record.children.some(one => one.id === token.id && one.epoch === token.epoch)) return true
  return currentTask(record.invocations, token) !== undefined
}

/** The task a token speaks of, if that attempt is the one that counts. */
export function currentTask(invocations: readonly Invocation[], token: InvocationToken): Task | undefined {
  const invocation = invocations.find(one => one.epoch === token.epoch)
  if (invocation === undefined) return undefined
  if (invocation.tasks.length === 0) return EMPTY
  const task = invocation.tasks[token.task]
  return task !== undefined && task.attempt === token.attempt && RUNNING.has(task.state) ? task : undefined
}

const EMPTY: Task = { input: undefined, attempt: 1, state: 'done' }

export function applyResult(draft: Draft, command: ResultCommand): ResultMeaning {
  const { token } = command
  const { outcome } = command
  const child = draft.children.find(one => one.id === token.id && one.epoch === token.epoch)
  if (child !== undefined) {
    if (outcome.status === 'snapshot')
      return { stimulus: { type: 'snapshot', id: child.id, snapshot: outcome.snapshot } }
    draft.children = draft.children.filter(one => one !== child)
    return { stimulus: ended(child.id, outcome) }
  }
  const invocation = draft.invocations.find(one => one.epoch === token.epoch)!
  const source = draft.binding.logic.source(invocation.src)
  if (outcome.status === 'error' && outcome.retry && retry(draft, invocation, token.task, outcome, source))
    return 'bookkeeping'
  if (source?.kind !== 'each') {
    draft.invocations = draft.invocations.filter(one => one !== invocation)
    return { stimulus: ended(invocation.id, outcome) }
  }
  return applyItem(draft, invocation, token.task, outcome, source)
}

function ended(id: string, outcome: Outcome): Stimulus {
  return outcome.status === 'error'
    ? { type: 'error', id, error: outcome.error }
    : { type: 'done', id, output: (outcome as { output: unknown }).output }
}

type Failure = Extract<Outcome, { status: 'error' }>

function retry(
  draft: Draft,
  invocation: Invocation,
  index: number,
  failure: Failure,
  source: Source | undefined,
): boolean {
  const of = taskSource(source)
  if (of?.kind !== 'activity') return false
  const { away: _, endsAt: __, ...task } = invocation.tasks[index]!
  if (task.attempt >= of.policy.attempts || isFinal(of.policy, failure.error)) return false
  const dueAt =
    draft.at +
    backoffMs(of.policy, `${draft.address}.${draft.incarnation}.${invocation.epoch}.${index}`, task.attempt)
  if (dueAt >= invocation.deadlineAt) return false
  const { error, heartbeat = task.heartbeat } = failure
  const next: Task = { ...task, attempt: task.attempt + 1, state: 'waiting', dueAt, error }
  replaceTask(draft, invocation, index, heartbeat === undefined ? next : { ...next, heartbeat })
  return true
}

function isFinal(policy: ActivityPolicy, error: ErrorValue): boolean {
  return (
    policy.nonRetryable.includes(error.name) ||
    (error.code !== undefined && policy.nonRetryable.includes(error.code))
  )
}

function applyItem(
  draft: Draft,
  invocation: Invocation,
  index: number,
  outcome: Outcome,
  source: Extract<Source, { kind: 'each' }>,
): ResultMeaning {
  const task = invocation.tasks[index]
  let now = invocation
  if (task !== undefined) {
    const done: Task =
      outcome.status === 'error'
        ? { input: undefined, attempt: task.attempt, state: 'failed', error: outcome.error }
        : {
            input: undefined,
            attempt: task.attempt,
            state: 'done',
            output: (outcome as { output: unknown }).output,
          }
    draft.weigh(done)
    now = replaceTask(draft, invocation, index, done)
    const next = now.tasks.findIndex(one => one.state === 'queued')
    if (next !== -1) {
      now = replaceTask(draft, now, next, { ...now.tasks[next]!, state: startState(source.of) })
      beginTask(draft, now, next, source.of)
    }
  }
  if (now.tasks.some(one => one.state !== 'done' && one.state !== 'failed')) return 'bookkeeping'
  draft.invocations = draft.invocations.filter(one => one !== now)
  return { stimulus: { type: 'done', id: now.id, output: now.tasks.map(settled) } }
}

function settled(task: Task): PromiseSettledResult<unknown> {
  return task.state === 'failed'
    ? { status: 'rejected', reason: task.error }
    : { status: 'fulfilled', value: task.output }
}

/** Its result has come and is kept elsewhere: no attempt is owed for it any more. */
export function parkResult(draft: Draft, token: InvocationToken): void {
  const invocation = draft.invocations.find(one => one.epoch === token.epoch)
  const task = invocation?.tasks[token.task]
  if (invocation !== undefined && task !== undefined)
    replaceTask(draft, invocation, token.task, { ...task, state: 'parked' })
}

export function replaceTask(draft: Draft, invocation: Invocation, index: number, task: Task): Invocation {
  const changed: Invocation = { ...invocation, tasks: invocation.tasks.with(index, task) }
  draft.invocations = draft.invocations.map(one => (one === invocation ? changed : one))
  return changed
}
