/**
 * What a record is looked up by, derived from it.
 */
import type { RecordIndex } from '../../actors/commit.js'
import type { ActorRecord } from '../../actors/record.js'
import type { Writable } from '../step/draft.js'
import type { Life } from '../step/life.js'

export function indexOf(life: Life): RecordIndex {
  const { record, state, binding } = life
  const seen = binding.logic.snapshot(state)
  const index: Writable<RecordIndex> = {
    value: seen.value,
    tags: listOf(seen.tags),
    owes: record.invocations.length > 0,
  }
  if (record.quarantine !== undefined) {
    index.quarantined = true
    return index
  }
  const timerDueAt = earliestTimer(record)
  const retryDueAt = earliestRetry(record)
  if (Number.isFinite(timerDueAt)) index.timerDueAt = timerDueAt
  if (Number.isFinite(retryDueAt)) index.retryDueAt = retryDueAt
  return index
}

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
      if (task.state === 'waiting' || task.state === 'elsewhere') earliest = Math.min(earliest, task.dueAt!)
      else if (task.state === 'asked') earliest = Math.min(earliest, deadlineAt)
    }
  return earliest
}
