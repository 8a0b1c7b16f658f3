/** Bounds of what is done about actors and commands that are in doubt: sampled, quarantined, stepped alone. */

export interface CareLimits {
  /** The sampler in production: the wait between two actors, the share of all time it may take, entries of one actor. */
  readonly verifyEveryMs: number
  readonly verifyPercentMax: number
  readonly verifyEntriesMax: number
  /** Actors that differ and were told of: told again after so many others. */
  readonly verifyToldMax: number
  /** Commands held back for one quarantined actor, results of its own work aside; what comes then is a dead letter. */
  readonly heldCommandsMax: number
  /** Commands taken in after a kill that are stepped in a commit each; of more at once it takes one death more to know which kills. */
  readonly soloCommandsMax: number
}

export const careLimits: CareLimits = {
  verifyEveryMs: 1_000,
  verifyPercentMax: 1,
  verifyEntriesMax: 512,
  verifyToldMax: 1_000,
  heldCommandsMax: 256,
  soloCommandsMax: 64,
}
