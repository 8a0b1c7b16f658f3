/**
 * How long it is until a moment, for delays that end at a date rather than after a while. `Date.now()` in a
 * machine is the command's own time (deterministic-window.ts): the same on every replay.
 */

/** Milliseconds until `at`, milliseconds since 1970; 0 when that is past. */
export function until(at: number): number {
  return Math.max(0, at - Date.now())
}
