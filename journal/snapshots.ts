/**
 * Which persisted snapshots of an actor are kept: the last two, against damage, and far back the first of each
 * so many entries, which is what a look into the past folds from.
 */

/** The newest that are kept, whatever their seq. Pruning respects the older. */
export const SNAPSHOTS_KEPT = 2

/** Of each so many entries, but the first so many, the first persisted snapshot stays. */
export const MILESTONE_ENTRIES = 10_000

/** Those to keep, of snapshots in order of their seq. */
export function keptSnapshots<Snapshot extends { readonly seq: number }>(
  all: readonly Snapshot[],
): readonly Snapshot[] {
  const block = (one: Snapshot) => Math.floor(one.seq / MILESTONE_ENTRIES)
  return all.filter((one, index) => {
    if (index >= all.length - SNAPSHOTS_KEPT) return true
    return block(one) > 0 && (index === 0 || block(all[index - 1]!) < block(one))
  })
}
