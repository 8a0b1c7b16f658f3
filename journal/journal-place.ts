/** Where a journal stands among the streams of a cluster: in the log, and in each of its shard's inboxes. */
import type { InboxPosition } from '../actors/commit.js'
import type { LogPosition } from '../actors/journal.js'

export interface JournalPlace {
  readonly log: LogPosition | undefined
  readonly taken: readonly InboxPosition[]
}

/** Of a journal that was never in a cluster. */
export const nowhere: JournalPlace = { log: undefined, taken: [] }

/** The place after one commit more; the same one when that says nothing of it. */
export function placeAfter(
  before: JournalPlace,
  taken: readonly InboxPosition[] | undefined,
  log: LogPosition | undefined,
): JournalPlace {
  if (log === undefined && (taken === undefined || taken.length === 0)) return before
  const moved = new Map(before.taken.map(one => [one.inbox, one]))
  for (const one of taken ?? []) moved.set(one.inbox, one)
  return { log: log ?? before.log, taken: [...moved.values()] }
}
