/**
 * Root actors, listed and counted: what `Api` asks, as the journal's query. A type that nobody has heard of is an
 * error, so that one mistyped does not look like one without actors.
 */
import type { Clock } from '../../actors/clock.js'
import { NoneOfTypeError, UnknownTypeError } from '../../actors/errors.js'
import type { Journal, ListQuery } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { Bindings } from '../step/bindings.js'
import type { ListedView, ListRequest } from './api.js'
import { listedView } from './views.js'

type Filter = Omit<ListRequest, 'after' | 'limit'>

export interface ListingSite {
  readonly journal: Journal
  readonly clock: Clock
  readonly limits: Limits
  /** Undefined where no definitions are at hand. */
  readonly bindings: Bindings | undefined
}

/** A page, in address order. @throws UnknownTypeError, NoneOfTypeError */
export function listed({ after, limit, ...asked }: ListRequest, site: ListingSite): readonly ListedView[] {
  assertHeardOf(asked, site)
  const { journal, clock, limits } = site
  const { pageRowsMax } = limits
  const page = {
    ...(after === undefined ? {} : { after }),
    limit: Math.min(limit ?? pageRowsMax, pageRowsMax),
  }
  return journal.list({ ...rootsOf(asked, clock), ...page }).map(listedView)
}

/**
 * How many there are. By type, status and version that is kept; by the rest the journal looks at each row.
 * @throws UnknownTypeError, NoneOfTypeError
 */
export function counted(asked: Filter, site: ListingSite): number {
  assertHeardOf(asked, site)
  const { journal, clock } = site
  const { type, status, version, state, tag, idleMs, quarantined } = asked
  if ([state, tag, idleMs, quarantined].some(one => one !== undefined))
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

function assertHeardOf({ type }: Filter, { journal, bindings }: ListingSite): void {
  if (type === undefined || bindings?.has(type) === true) return
  const found = new Set(journal.counts().map(one => one.type))
  if (found.has(type)) return
  if (bindings === undefined) throw new NoneOfTypeError(type, [...found])
  throw new UnknownTypeError(type, [...new Set([...bindings.types, ...found])])
}

function rootsOf({ idleMs, ...same }: Filter, clock: Clock): Omit<ListQuery, 'after' | 'limit'> {
  return { ...same, ...(idleMs === undefined ? {} : { idleSince: clock.now() - idleMs }), roots: true }
}
