/** Root actors, listed and counted: what `Api` asks, as the journal's query. */
import type { Clock } from '../../actors/clock.js'
import type { Journal, ListQuery } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { ListedView, ListRequest } from './api.js'
import { listedView } from './views.js'

type Filter = Omit<ListRequest, 'after' | 'limit'>

/** A page, in address order. */
export function listed(
  { after, limit, ...asked }: ListRequest,
  journal: Journal,
  clock: Clock,
  { pageRowsMax }: Limits,
): readonly ListedView[] {
  const page = {
    ...(after === undefined ? {} : { after }),
    limit: Math.min(limit ?? pageRowsMax, pageRowsMax),
  }
  return journal.list({ ...rootsOf(asked, clock), ...page }).map(listedView)
}

/** How many there are. By type, status and version that is kept; by the rest the journal looks at each row. */
export function counted(asked: Filter, journal: Journal, clock: Clock): number {
  const { type, status, version, state, tag, idleMs } = asked
  if (state !== undefined || tag !== undefined || idleMs !== undefined)
    return journal.count(rootsOf(asked, clock))
  return journal
    .counts()
    .filter(
      one =>
        (type ?? one.type) === one.type &&
        (status ?? one.status) === one.status &&
        (version ?? one.version) === one.version,
    )
    .reduce((sum, { count }) => sum + count, 0)
}

function rootsOf({ idleMs, ...same }: Filter, clock: Clock): Omit<ListQuery, 'after' | 'limit'> {
  return { ...same, ...(idleMs === undefined ? {} : { idleSince: clock.now() - idleMs }), roots: true }
}
