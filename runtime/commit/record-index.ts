/**
 * What a record is looked up by, derived from it.
 */
import type { RecordIndex } from '../../actors/commit.js'
import type { Life } from '../step/life.js'

export function indexOf(life: Life): RecordIndex {
  const { record, state, binding } = life
  const seen = binding.logic.snapshot(state)
  const timerDueAt = earliest(record.timers.map(one => one.dueAt))
  const retryDueAt = earliest(
    record.invocations.flatMap(invocation =>
      invocation.tasks.map(task => {
        if (task.state === 'waiting') return task.dueAt!
        return task.state === 'asked' ? invocation.deadlineAt : Number.POSITIVE_INFINITY
      }),
    ),
  )
  return {
    value: seen.value,
    tags: [...seen.tags],
    ...(timerDueAt === undefined ? {} : { timerDueAt }),
    ...(retryDueAt === undefined ? {} : { retryDueAt }),
    owes: record.invocations.length > 0,
  }
}

function earliest(times: readonly number[]): number | undefined {
  const least = Math.min(...times)
  return Number.isFinite(least) ? least : undefined
}
