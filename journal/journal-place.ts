/**
 * What a journal keeps of commits beside entries and records, each part until a commit says it anew: where it stands
 * among the streams of a cluster (in the log, and in each of its shard's inboxes), and what attempts were lost.
 */
import type { Commit, InboxPosition, Loss } from '../actors/commit.js'
import type { LogPosition } from '../actors/journal.js'

export interface JournalPlace {
  readonly log: LogPosition | undefined
  readonly taken: readonly InboxPosition[]
  readonly losses: readonly Loss[]
}

/** Of a journal that was never in a cluster, and of which no process was lost. */
export const nowhere: JournalPlace = { log: undefined, taken: [], losses: [] }

/** The place after one commit more; the same one when that says nothing of it. */
export function placeAfter(
  before: JournalPlace,
  { taken = [], losses }: Pick<Commit, 'taken' | 'losses'>,
  log: LogPosition | undefined,
): JournalPlace {
  if (log === undefined && taken.length === 0 && losses === undefined) return before
  const moved = new Map(before.taken.map(one => [one.inbox, one]))
  for (const one of taken) moved.set(one.inbox, one)
  return { log: log ?? before.log, taken: [...moved.values()], losses: losses ?? before.losses }
}
