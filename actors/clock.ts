/**
 * Time as the engine knows it. Nothing else in the engine may read a clock or set a timer, so a test can
 * own time and a simulation can order everything.
 */
export interface Clock {
  /** Milliseconds since 1970, never running backwards. What commands are stamped with. */
  now(): number
  /** Milliseconds of a steady clock, for durations only. */
  elapsed(): number
  /** Runs `task` once, `delayMs` or more from now; the answer cancels it. */
  after(delayMs: number, task: () => void): () => void
  /** Runs `task` once the current turn and everything it promised is done. */
  soon(task: () => void): void
}
