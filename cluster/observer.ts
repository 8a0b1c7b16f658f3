/**
 * The port through which a member's work with NATS is looked at. It is asked for nothing and decides nothing; without
 * an observer nothing is measured for it.
 */
import type { BatchOutcome } from './log/atomic-batch.js'

/** One message, or atomic batch of several, that was sent to the log, and what the server said of it. */
export interface Flight {
  readonly outcome: BatchOutcome['kind']
  /** Commits and claims in it, each of another shard. */
  readonly commits: number
  readonly messages: number
  readonly bytes: number
  /** Until the answer, or until none was waited for any more. */
  readonly ms: number
}

export interface ClusterObserver {
  flew(flight: Flight): void
}
