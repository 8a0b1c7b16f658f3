/**
 * An actor as it was: a record at or before the entry asked for, and the entries since folded onto it. The
 * fold leaves nothing behind; what the steps wanted done was done when they were first applied.
 */
import type { Address } from '../../actors/address.js'
import type { JournalEntry } from '../../actors/commit.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { replay } from '../step/apply-command.js'
import type { Bindings } from '../step/bindings.js'
import { type Life, revive } from '../step/life.js'

/** An actor's entries after `after`, page by page, none after `until`. */
export function* entriesOf(
  journal: Journal,
  address: Address,
  after: number,
  limits: Limits,
  until = Number.POSITIVE_INFINITY,
): Generator<JournalEntry> {
  for (let last = after; last < until; ) {
    const rows = Math.min(limits.pageRowsMax, until - last)
    const page = journal.entries(address, last, rows, limits.readAheadBytesMax)
    if (page.length === 0) return
    for (const entry of page) {
      if (entry.seq > until) return
      yield entry
    }
    last = page.at(-1)!.seq
  }
}

/** The life after entry `seq`, or the last before it when there are fewer. */
export function foldOnto(
  life: Life,
  seq: number,
  journal: Journal,
  bindings: Bindings,
  limits: Limits,
): Life {
  const fold = new Fold(life, { journal, bindings, limits })
  return foldAll(fold, entriesOf(journal, life.record.address, fold.seq, limits, seq)) ?? life
}

/** The actor as it was after entry `seq`; undefined when that is before its birth or no longer kept. */
export function lifeAt(
  address: Address,
  seq: number,
  journal: Journal,
  bindings: Bindings,
  limits: Limits,
): Life | undefined {
  const fold = foldTowards(address, seq, journal, bindings, limits)
  return foldAll(fold, entriesOf(journal, address, fold.seq, limits, seq))
}

/** A fold that entries after its `seq` have to be given, up to `seq`. */
export function foldTowards(
  address: Address,
  seq: number,
  journal: Journal,
  bindings: Bindings,
  limits: Limits,
): Fold {
  const base = journal.recordAt(address, seq)
  return new Fold(base && revive(base, bindings.of(base)), { journal, bindings, limits })
}

/** What a fold needs beside the entries. */
interface FoldSite {
  readonly journal: Pick<Journal, 'read'>
  readonly bindings: Bindings
  readonly limits: Limits
}

/** A life that is being made again of its entries, for whoever reads these: at once, or with pauses. */
class Fold {
  readonly #site: FoldSite
  #life: Life | undefined

  constructor(base: Life | undefined, site: FoldSite) {
    this.#life = base
    this.#site = site
  }

  get life(): Life | undefined {
    return this.#life
  }

  /** The entry it has come to; 0 before birth. */
  get seq(): number {
    return this.#life?.record.seq ?? 0
  }

  /** False for an entry that nothing can be made of, since those before it are gone. */
  take(entry: JournalEntry): boolean {
    if (this.#life === undefined && entry.seq > 1 && !isBirth(entry)) return false
    this.#life = lifeAfter(this.#life, entry, this.#site)
    return true
  }
}

function foldAll(fold: Fold, entries: Iterable<JournalEntry>): Life | undefined {
  for (const entry of entries) if (!fold.take(entry)) break
  return fold.life
}

/** The life with one entry more; none when those that led to it are not there. */
export function lifeAfter(
  before: Life | undefined,
  entry: JournalEntry,
  { journal, bindings, limits }: FoldSite,
): Life | undefined {
  if (before === undefined && entry.seq > 1 && !isBirth(entry)) return undefined
  const application = replay(before, pinned(entry, journal), bindings, limits)
  return application.kind === 'applied' ? application.life : before
}

/**
 * The entry as it is to be folded again. Births that the first releases wrote do not say which version the actor
 * was born on: it is on that one still, so its record says it.
 * @throws UnavailableError when there is no record to say it.
 */
export function pinned(entry: JournalEntry, journal: Pick<Journal, 'read'>): JournalEntry {
  const { address, command } = entry
  if (command.kind !== 'start' || command.version !== undefined) return entry
  const version = journal.read(address)?.record.version
  if (version === undefined)
    throw new UnavailableError(
      `entry ${entry.seq} is its birth and names no version, and no record of it is kept that does: ` +
        'what it was born on is not known',
      address,
      false,
    )
  return { ...entry, command: { ...command, version } }
}

export function isBirth(entry: JournalEntry): boolean {
  const { command } = entry
  return command.kind === 'start' || (command.kind === 'operator' && command.order.type === 'spawn')
}
