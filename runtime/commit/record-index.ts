/**
 * What a record is looked up by, derived from it.
 */
import type { RecordIndex } from '../../actors/commit.js'
import type { ActorRecord } from '../../actors/record.js'
import type { Life } from '../step/life.js'

export function indexOf(life: Life): RecordIndex {
  const { record, state, binding } = life
  const seen = binding.logic.snapshot(state)
  const timerDueAt = earliestTimer(record)
  const retryDueAt = earliestRetry(record)
  return {
    value: seen.value,
    tags: listOf(seen.tags),
    ...(Number.isFinite(timerDueAt) ? { timerDueAt } : NONE),
    ...(Number.isFinite(retryDueAt) ? { retryDueAt } : NONE),
    owes: record.invocations.length > 0,
  }
}

const NONE = {}
const NO_TAGS: readonly string[] = []

function listOf(tags: ReadonlySet<string>): readonly string[] {
  return tags.size === 0 ? NO_TAGS : [...tags]
}

function earliestTimer({ timers }: ActorRecord): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const { dueAt } of timers) if (dueAt < earliest) earliest = dueAt
  return earliest
}

function earliestRetry({ invocations }: ActorRecord): number {
  let earliest = Number.POSITIVE_INFINITY
  for (const { tasks, deadlineAt } of invocations)
    for (const task of tasks) {
      if (task.state === 'waiting') earliest = Math.min(earliest, task.dueAt!)
      else if (task.state === 'asked') earliest = Math.min(earliest, deadlineAt)
    }
  return earliest
}
