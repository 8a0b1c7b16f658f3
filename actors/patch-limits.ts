/** The bounds on states that are written as what changed since the commit before; part of `Limits`. */
export interface PatchLimits {
  /** From that length on a commit may hold of a state only what changed since the commit before. */
  readonly patchedStateBytesMin: number
  /** Bytes of states, put together from what changed, that are held besides until they are settled. */
  readonly unsettledStatesBytesMax: number
  /** Records of an actor in a row that the log of a cluster is given as what changed, and actors of a shard that it is. */
  readonly logPatchesMax: number
  readonly logPatchedActorsMax: number
}

export const patchLimits: PatchLimits = {
  patchedStateBytesMin: 4 * 1024,
  unsettledStatesBytesMax: 64 * 1024 * 1024,
  logPatchesMax: 64,
  logPatchedActorsMax: 10_000,
}
