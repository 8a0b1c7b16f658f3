/** Bounds of the demo's runtime that its journal depends on: who folds it again needs them too. */
import type { Limits } from '../../actors/limits.js'

export const demoLimits: Partial<Limits> = {
  // Ages are in the orders' time, in which weeks pass between two commands that are in flight together:
  // both may be sent again after a kill, and the earlier must be known still.
  recentCommandAgeMsMax: Number.MAX_SAFE_INTEGER,
}
