/**
 * What XState is given in place of the logic a machine invokes or spawns: it has no first state to compute and
 * nothing to run, so a step makes a child in name only.
 */
const standIns = new WeakSet<object>()
const nothing = Object.freeze({ status: 'active', output: undefined, error: undefined })

/** A new stand-in, in the shape of XState logic. */
export function standIn(): object {
  const keep = (snapshot: unknown): unknown => snapshot
  const logic = {
    transition: keep,
    getInitialSnapshot: () => nothing,
    getPersistedSnapshot: keep,
    restoreSnapshot: keep,
  }
  standIns.add(logic)
  return logic
}

export function isStandIn(logic: object): boolean {
  return standIns.has(logic)
}
