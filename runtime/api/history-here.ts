/** Tells an empty history from one that is elsewhere. */
import type { Address } from '../../actors/address.js'
import { HistoryElsewhereError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'

/**
 * For an actor of which there are no entries after one.
 * @throws HistoryElsewhereError when there were some.
 */
export function assertNoneElsewhere(
  address: Address,
  after: number,
  journal: Pick<Journal, 'historyFrom' | 'read'>,
): void {
  if (journal.historyFrom === 1) return
  const stored = journal.read(address)
  const seq = stored?.stale?.seq ?? stored?.record.seq ?? 0
  if (seq > after) throw new HistoryElsewhereError(address, after, seq, journal.historyFrom)
}
