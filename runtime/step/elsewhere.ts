/**
 * Attempts that are worked on elsewhere: handed off, they are owed by no process and survive each; they end by a result
 * under their token, or by the deadlines in the record.
 */
import type { OperatorOrder } from '../../actors/command.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { ActivityPolicy } from '../../actors/logic.js'
import type { Invocation, Task } from '../../actors/record.js'
import { taskSource } from './apply-effects.js'
import { replaceTask } from './apply-result.js'
import type { Draft } from './draft.js'

type ElsewhereOrder = Extract<OperatorOrder, { type: 'handOff' | 'beat' }>

export function applyElsewhere(draft: Draft, order: ElsewhereOrder): void {
  const invocation = draft.invocations.find(one => one.epoch === order.token.epoch)!
  const of = taskSource(draft.binding.logic.source(invocation.src))
  if (of?.kind !== 'activity') return
  const before = invocation.tasks[order.token.task]!
  const told = order.type === 'beat' && order.details !== undefined
  const task: Task = told
    ? { ...before, heartbeat: draft.stored('the details of a heartbeat', order.details) }
    : before
  const isElsewhere = order.type === 'handOff' || task.state === 'elsewhere'
  const now = isElsewhere ? awaited(task, invocation, of.policy, draft.at) : task
  replaceTask(draft, invocation, order.token.task, now)
}

/** Until when it is waited for: for its next word, and over all. */
function awaited(task: Task, { deadlineAt }: Invocation, policy: ActivityPolicy, at: number): Task {
  const endsAt = task.endsAt ?? Math.min(at + policy.attemptMs, deadlineAt)
  const dueAt = policy.heartbeatMs === 0 ? endsAt : Math.min(at + policy.heartbeatMs, endsAt)
  const { away: _, ...rest } = task
  return { ...rest, state: 'elsewhere', dueAt, endsAt }
}

/** Why one that is waited for no longer has failed, and whether it may be tried again: as for one that ran here. */
export function overdue(task: Task, { src, deadlineAt }: Invocation): { error: ErrorValue; retry: boolean } {
  const isSilent = task.dueAt !== task.endsAt
  const what = isSilent ? 'no heartbeat in time' : 'no result in time'
  return {
    error: { name: 'Timeout', message: `${src}: ${what}, from elsewhere`, code: 'Timeout' },
    retry: isSilent || task.endsAt! < deadlineAt,
  }
}
