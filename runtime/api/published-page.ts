/**
 * An actor's audit trail: the events it published, made again from its entries. Published events ride in the
 * commits and are handed to whoever listens; an entry itself holds only what came in. So the trail is folded:
 * the code the actor runs is applied to its entries once more, as `verify` does, and tells what it published.
 *
 * Invariants: in order and complete from its birth, or else from the oldest state that is kept; a page takes a bounded number of steps,
 * and lets others have their turn among them. What is folded with other code than the actor ran is refused where
 * it shows: `verify` says whether the journal and the code at hand agree.
 */
import type { Clock } from '../../actors/clock.js'
import { encode } from '../../actors/codec.js'
import type { JournalEntry } from '../../actors/commit.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { isBirth, pinned } from '../commit/history.js'
import { replay } from '../step/apply-command.js'
import type { Bindings } from '../step/bindings.js'
import { type Life, revive } from '../step/life.js'
import type { PublishedPage, PublishedRequest, PublishedView } from './api.js'

export interface PublishedSite {
  /** As it is now: it may be closed, or opened again, between two looks. */
  readonly journal: () => Journal
  readonly bindings: Bindings
  readonly clock: Clock
  readonly limits: Limits
}

/**
 * What the entries after `after` published, each with the entry's `seq` and `at`; nothing for an actor that was
 * never born. Writes nothing. Begins with the newest state that is kept at or before `after`.
 * @throws UnavailableError when its version is not among `bindings`, or an entry cannot be folded again.
 */
export async function publishedPage(
  { address, after = 0, limit }: PublishedRequest,
  site: PublishedSite,
): Promise<PublishedPage> {
  const { pageRowsMax, pageBytesMax, readShareEntriesMax, readAheadBytesMax } = site.limits
  const eventsMax = Math.min(limit ?? pageRowsMax, pageRowsMax)
  const base = site.journal().recordAt(address, after)
  let life = base && revive(base, site.bindings.of(base))
  const events: PublishedView[] = []
  let bytes = 0
  for (let last = base?.seq ?? 0; ; ) {
    const entries = site.journal().entries(address, last, readShareEntriesMax, readAheadBytesMax)
    for (const entry of entries) {
      last = entry.seq
      life ??= before(entry, site)
      // Those before it are gone, and so is the state they led to.
      if (life === undefined && !isBirth(entry)) continue
      const applied = appliedAgain(life, entry, site)
      life = applied.life
      if (last <= after) continue
      for (const { seq, at, event } of applied.published) {
        events.push({ seq, at, event })
        bytes += encode(event).length
      }
      if (events.length >= eventsMax || bytes >= pageBytesMax || last - after >= pageRowsMax)
        return { events, next: last }
    }
    if (entries.length === 0) return { events }
    await new Promise<void>(resolve => site.clock.soon(resolve))
  }
}

/** The life that an entry found; undefined at its birth. The entries before may be gone, a state is kept then. */
function before(entry: JournalEntry, { journal, bindings }: PublishedSite): Life | undefined {
  if (isBirth(entry)) return undefined
  const base = journal().recordAt(entry.address, entry.seq - 1)
  return base && revive(base, bindings.of(base))
}

function appliedAgain(life: Life | undefined, entry: JournalEntry, site: PublishedSite) {
  const { bindings, limits } = site
  const application = replay(life, pinned(entry, site.journal()), bindings, limits)
  if (application.kind === 'applied') return application
  throw new UnavailableError(
    `entry ${entry.seq} was ${entry.outcome} and is ${application.kind} now: expected the code it was applied with`,
    entry.address,
    false,
  )
}
