/**
 * What becomes of attempts whose process ended before their outcome was recorded: the arithmetic alone, for the step
 * that counts them and for whoever must know before it is taken what it will say.
 */
import type { ActivityPolicy } from '../../actors/logic.js'
import type { Invocation, Task } from '../../actors/record.js'
import { taskSource } from './apply-effects.js'
import type { Life } from './life.js'

/** An actor as far as its invocations are concerned: its state is not needed to run them. */
export type Owing = Pick<Life, 'record' | 'binding'>

/** The task once its attempts were lost that often with the shard's owners, or itself when none may have begun there. */
export function afterLosses(task: Task, lost: number, policy: ActivityPolicy): Task {
  const isBegun = task.away === undefined && task.state === (policy.once ? 'started' : 'ready')
  return isBegun && lost > 0 ? lostTask(task, lost, policy) : task
}

/** The same wherever it ran. Parked: that was the last attempt, and an error is its outcome. */
export function lostTask({ away: _, ...task }: Task, lost: number, policy: ActivityPolicy): Task {
  if (policy.once) return { ...task, state: 'parked' }
  const last = Math.max(task.attempt, policy.attempts)
  const attempt = task.attempt + lost
  return attempt > last ? { ...task, attempt: last, state: 'parked' } : { ...task, attempt, state: 'ready' }
}

/** What attempts of an invocation go by; undefined for one that has none. */
export function policyOf({ binding }: Owing, invocation: Invocation): ActivityPolicy | undefined {
  const source = taskSource(binding.logic.source(invocation.src))
  return source?.kind === 'activity' ? source.policy : undefined
}

/** The actor as its record will be once its losses are counted in it; itself when there are none. */
export function withLosses(owing: Owing, lost: (invocation: Invocation) => number): Owing {
  const { record, binding } = owing
  const invocations = record.invocations.map(invocation => {
    const times = lost(invocation)
    const policy = times === 0 ? undefined : policyOf(owing, invocation)
    if (policy === undefined) return invocation
    return { ...invocation, tasks: invocation.tasks.map(task => afterLosses(task, times, policy)) }
  })
  return { record: { ...record, invocations }, binding }
}
