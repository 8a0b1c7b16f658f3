/**
 * How much waits, runs and is kept in one shard at this moment: what gauges show.
 */
import type { Unsettled } from '../../actors/journal.js'

export interface Load {
  /** Commands from outside that wait. */
  readonly inboxCommands: number
  /** Commands from outside that found the inbox full, since the start. */
  readonly inboxRefused: number
  /** Results, due timers and orders of the engine that wait. */
  readonly insideCommands: number
  /** Commands actors have sent and no batch has stepped. */
  readonly pendingCommands: number
  /** Commands for actors whose version is not here. */
  readonly heldCommands: number
  readonly deadLetters: number
  readonly activitiesRunning: number
  readonly activitiesWaiting: number
  readonly cacheActors: number
  /** Since the start. */
  readonly cacheHits: number
  readonly cacheMisses: number
  readonly journalPosition: number
  readonly journalBytes: number
  readonly unsettled: Unsettled
  /** Milliseconds since the oldest unsettled commit; 0 when there is none. */
  readonly unsettledMs: number
}
