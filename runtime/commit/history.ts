/**
 * An actor as it was: a record at or before the entry asked for, and the entries since folded onto it. The
 * fold leaves nothing behind; what the steps wanted done was done when they were first applied.
 */
import type { Address } from '../../actors/address.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { replay } from '../step/apply-command.js'
import type { Bindings } from '../step/bindings.js'
import { type Life, revive } from '../step/life.js'

/** An actor's entries after `after`, page by page. */
export function* entriesOf(
  journal: Journal,
  address: Address,
  after: number,
  limits: Limits,
): Generator<JournalEntry> {
  let last = after
  for (;;) {
    const page = journal.entries(address, last, limits.pageRowsMax)
    yield* page
    if (page.length < limits.pageRowsMax) return
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
  let now = life
  for (const entry of entriesOf(journal, life.record.address, life.record.seq, limits)) {
    if (entry.seq > seq) break
    now = lifeAfter(now, entry, bindings, limits) ?? now
  }
  return now
}

/** The actor as it was after entry `seq`; undefined when that is before its birth or no longer kept. */
export function lifeAt(
  address: Address,
  seq: number,
  journal: Journal,
  bindings: Bindings,
  limits: Limits,
): Life | undefined {
  const base = journal.recordAt(address, seq)
  if (base !== undefined) return foldOnto(revive(base, bindings.of(base)), seq, journal, bindings, limits)
  let now: Life | undefined
  for (const entry of entriesOf(journal, address, 0, limits)) {
    if (entry.seq > seq || (now === undefined && entry.seq > 1 && !isBirth(entry))) break
    now = lifeAfter(now, entry, bindings, limits)
  }
  return now
}

export function lifeAfter(
  before: Life | undefined,
  entry: JournalEntry,
  bindings: Bindings,
  limits: Limits,
): Life | undefined {
  const application = replay(before, entry, bindings, limits)
  return application.kind === 'applied' ? application.life : before
}

export function isBirth(entry: JournalEntry): boolean {
  const { command } = entry
  return command.kind === 'start' || (command.kind === 'operator' && command.order.type === 'spawn')
}
