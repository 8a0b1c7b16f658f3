/**
 * What an operator's order does to an actor.
 */
import type { LetterOrder, OperatorOrder } from '../../actors/command.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { Invocation, Task } from '../../actors/record.js'
import { release, sendResult, taskSource } from './apply-effects.js'
import { currentTask, replaceTask } from './apply-result.js'
import type { Draft } from './draft.js'
import type { Life } from './life.js'

/** Whether there is anything for the order to do. */
export function concerns(life: Life, order: OperatorOrder): boolean {
  if (life.record.status !== 'active') return false
  if (order.type === 'stop') return life.record.child?.token.epoch === order.epoch
  if (order.type === 'attempt')
    return (
      order.token.incarnation === life.record.incarnation &&
      BEGINNABLE.has(currentTask(life.record.invocations, order.token)?.state)
    )
  if (order.type === 'recover') return life.record.invocations.some(one => one.position <= order.until)
  // The batch carries those out: what they take away is no part of the actor.
  return !isLetterOrder(order)
}

export function isLetterOrder(order: OperatorOrder): order is LetterOrder {
  return order.type === 'redrive' || order.type === 'drop'
}

const BEGINNABLE: ReadonlySet<string | undefined> = new Set(['ready', 'waiting'])

export function applyOrder(draft: Draft, order: OperatorOrder): void {
  switch (order.type) {
    case 'spawn':
      return draft.begin(order.input)
    case 'terminate':
      draft.terminated = order.reason
      tellParentItEnded(draft, order.reason)
      return end(draft)
    case 'stop':
      return end(draft)
    case 'attempt': {
      const invocation = draft.invocations.find(one => one.epoch === order.token.epoch)!
      const of = taskSource(draft.binding.logic.source(invocation.src))
      const { dueAt: _, ...task } = invocation.tasks[order.token.task]!
      const once = of?.kind === 'activity' && of.policy.once
      replaceTask(draft, invocation, order.token.task, { ...task, state: once ? 'started' : 'ready' })
      return
    }
    case 'recover':
      for (const invocation of draft.invocations)
        if (invocation.position <= order.until) recoverInvocation(draft, invocation)
      return
  }
}

function end(draft: Draft): void {
  draft.status = 'stopped'
  release(draft)
}

/** A child ended from outside is an error to the parent that waits for it. */
function tellParentItEnded(draft: Draft, reason: string): void {
  if (draft.child === undefined) return
  const error: ErrorValue = { name: 'Terminated', message: reason, code: 'Terminated' }
  sendResult(draft, draft.child.token, { status: 'error', error, retry: false })
}

/** The process that ran the attempts is gone. Each that may have begun counts as one. */
function recoverInvocation(draft: Draft, invocation: Invocation): void {
  let now: Invocation = { ...invocation, position: draft.position }
  draft.invocations = draft.invocations.map(one => (one === invocation ? now : one))
  const of = taskSource(draft.binding.logic.source(invocation.src))
  if (of?.kind !== 'activity') return
  for (const [index, task] of invocation.tasks.entries()) {
    if (task.state !== (of.policy.once ? 'started' : 'ready')) continue
    if (of.policy.once || task.attempt >= of.policy.attempts) {
      const error = of.policy.once ? OUTCOME_UNKNOWN : attemptsExhausted(task)
      // Owed no more, though the result that says so may be of a later commit.
      now = replaceTask(draft, now, index, { ...task, state: 'parked' })
      sendResult(draft, draft.token(invocation.id, invocation.epoch, index, task.attempt), {
        status: 'error',
        error,
        retry: false,
      })
    } else {
      now = replaceTask(draft, now, index, { ...task, attempt: task.attempt + 1 })
    }
  }
}

const OUTCOME_UNKNOWN: ErrorValue = {
  name: 'OutcomeUnknown',
  message: 'the process that ran this activity ended before its result was recorded; it is run at most once',
  code: 'OutcomeUnknown',
}

function attemptsExhausted(task: Task): ErrorValue {
  return (
    task.error ?? {
      name: 'AttemptsExhausted',
      message: `the process ended during attempt ${task.attempt}, the last allowed`,
      code: 'AttemptsExhausted',
    }
  )
}
