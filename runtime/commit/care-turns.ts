/**
 * Whose turn it is to step with care, among the shards of one process. What kills a process kills it for all of them:
 * where each had a command marked at the time, it would be held against each. So once a process has died of something
 * that was marked, and the next finds suspects in any of its shards, these step with care one after another.
 *
 * Owns no mark and no suspect. Invariant: while there are suspects of earlier processes, one shard at most steps with care
 * that has begun since they were known.
 */
export class CareTurns {
  /** Who has suspects of earlier processes. */
  readonly #suspicious = new Set<object>()
  readonly #waiting = new Map<object, () => void>()
  #holder: object | undefined

  suspect(who: object): void {
    this.#suspicious.add(who)
  }

  /** Whether it may step with care now. If not, it is woken when that may have changed. */
  mayGoOn(who: object, wake: () => void): boolean {
    if (this.#suspicious.size === 0 || this.#holder === undefined || this.#holder === who) return true
    this.#waiting.set(who, wake)
    return false
  }

  /** It does; until it is over, if need be. */
  take(who: object): void {
    if (this.#suspicious.size > 0) this.#holder ??= who
  }

  /** It has nothing marked any more, or nothing is stepped there at all. */
  over(who: object): void {
    this.#suspicious.delete(who)
    this.#waiting.delete(who)
    if (this.#holder === who) this.#holder = undefined
    if (this.#holder !== undefined) return
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}
