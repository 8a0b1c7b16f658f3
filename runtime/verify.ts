/**
 * Proof that a journal can be folded again: each actor is made anew from its entries by the code at hand,
 * and compared with what was committed. A difference names actor and entry. Writes nothing.
 */
import type { Address } from '../actors/address.js'
import { toErrorValue } from '../actors/codec.js'
import type { JournalEntry } from '../actors/commit.js'
import { digest } from '../actors/digest.js'
import type { Journal } from '../actors/journal.js'
import type { Limits } from '../actors/limits.js'
import { entriesOf, isBirth, pinned } from './commit/history.js'
import { replay } from './step/apply-command.js'
import type { Bindings } from './step/bindings.js'
import { type Life, revive } from './step/life.js'

export interface VerifyReport {
  readonly actors: number
  readonly entries: number
  /** Entries whose digest of state and effects was compared. */
  readonly digests: number
  readonly differences: readonly Difference[]
}

export interface Difference {
  readonly actor: Address
  /** The entry at which the difference was first seen; it arose after the last entry that agreed. */
  readonly seq: number
  readonly agreedUntil: number
  readonly what: string
}

/** Folds every actor of a journal anew. */
export function verifyJournal(journal: Journal, bindings: Bindings, limits: Limits): VerifyReport {
  let [actors, entries, digests] = [0, 0, 0]
  const differences: Difference[] = []
  let after: Address | undefined
  for (;;) {
    const page = journal.list({ limit: limits.pageRowsMax, ...(after === undefined ? {} : { after }) })
    for (const { address } of page) {
      const verified = verifyActor(address, journal, bindings, limits)
      actors++
      entries += verified.entries
      digests += verified.digests
      if (verified.difference !== undefined) differences.push(verified.difference)
    }
    if (page.length < limits.pageRowsMax) return { actors, entries, digests, differences }
    after = page.at(-1)!.address
  }
}

interface Verified {
  readonly entries: number
  readonly digests: number
  readonly difference?: Difference
}

function verifyActor(address: Address, journal: Journal, bindings: Bindings, limits: Limits): Verified {
  const refold = new Refold(address, undefined, { journal, bindings, limits })
  const verified = (difference: Difference | undefined): Verified => {
    const { entries, digests } = refold
    return difference === undefined ? { entries, digests } : { entries, digests, difference }
  }
  for (const entry of entriesOf(journal, address, 0, limits)) {
    const difference = refold.take(entry)
    if (difference !== undefined) return verified(difference)
  }
  return verified(refold.end())
}

/** One actor that is made again of its entries, and compared with each. */
export class Refold {
  entries = 0
  digests = 0
  readonly #address: Address
  readonly #site: { readonly journal: Journal; readonly bindings: Bindings; readonly limits: Limits }
  #life: Life | undefined
  #agreedUntil = 0

  /** @param base where it begins; undefined for the first entry that is kept. */
  constructor(
    address: Address,
    base: Life | undefined,
    site: { readonly journal: Journal; readonly bindings: Bindings; readonly limits: Limits },
  ) {
    this.#address = address
    this.#site = site
    this.#life = base
    this.#agreedUntil = base?.record.seq ?? 0
  }

  /** The entry it has come to. */
  get seq(): number {
    return this.#life?.record.seq ?? 0
  }

  /** The next entry. Nothing more may be taken after a difference. */
  take(entry: JournalEntry): Difference | undefined {
    const { journal, bindings, limits } = this.#site
    this.entries++
    try {
      if (this.#life === undefined && !isBirth(entry)) this.#life = baseBefore(entry, journal, bindings)
      const application = replay(this.#life, pinned(entry, journal), bindings, limits)
      if (application.kind !== 'applied')
        return this.#differs(entry.seq, `the command is ${application.kind} now, and was ${entry.outcome}`)
      const what = difference(entry, application.entry)
      if (what !== undefined) return this.#differs(entry.seq, what)
      if (entry.digest !== undefined) {
        this.digests++
        this.#agreedUntil = entry.seq
      }
      this.#life = application.life
      return undefined
    } catch (error) {
      return this.#differs(entry.seq, toErrorValue(error).message)
    }
  }

  /** After the last entry: compares the record itself. */
  end(): Difference | undefined {
    const what = recordDifference(this.#address, this.#site.journal, this.#life)
    return what === undefined ? undefined : this.#differs(this.seq, what)
  }

  #differs(seq: number, what: string): Difference {
    return { actor: this.#address, seq, agreedUntil: this.#agreedUntil, what }
  }
}

/** How the record that is stored differs from the one its entries make. */
function recordDifference(address: Address, journal: Journal, life: Life | undefined): string | undefined {
  try {
    const stored = journal.read(address)
    if (stored === undefined) return undefined
    if (stored.stale !== undefined) return `its record is damaged: ${stored.stale.reason}`
    // Left behind by the image that the journal began with: there is nothing to make it of.
    if (life === undefined && stored.record.position < journal.historyFrom) return undefined
    // Pruning keeps what came after the older persisted snapshot: there is always some.
    if (life === undefined) return `none of the entries is kept that led to ${stored.record.seq}`
    if (recordDigest(life) === recordDigest(revive(stored.record, life.binding))) return undefined
    return 'the whole record differs from the one committed'
  } catch (error) {
    return toErrorValue(error).message
  }
}

function baseBefore(entry: JournalEntry, journal: Journal, bindings: Bindings): Life | undefined {
  const base = journal.recordAt(entry.address, entry.seq - 1)
  return base === undefined ? undefined : revive(base, bindings.of(base))
}

function difference(was: JournalEntry, is: JournalEntry): string | undefined {
  if (is.outcome !== was.outcome) return `the outcome is '${is.outcome}' now, and was '${was.outcome}'`
  if (is.seq !== was.seq) return `the entry's number is ${is.seq} now, and was ${was.seq}`
  if (digest(is.value) !== digest(was.value))
    return `it leads to state ${shown(is.value)} now, and led to ${shown(was.value)}`
  if (is.digest !== was.digest && was.digest !== undefined) return 'the digest of state and effects differs'
  return undefined
}

function recordDigest({ record, state, binding }: Life): string {
  const { state: _, ...rest } = record
  return digest({ ...rest, state: binding.logic.canonical(state) })
}

/** An entry shows the state only where it changed. */
function shown(value: unknown): string {
  return value === undefined ? 'as it was' : JSON.stringify(value)
}
