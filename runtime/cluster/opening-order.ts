/**
 * When a member opens journals: to open one holds up the thread, and everything that is stepped on it. So they are opened
 * one in a round of the event loop, and none while a shard waits to be served.
 */
import type { Clock } from '../../actors/clock.js'

export class OpeningOrder {
  readonly #clock: Clock
  readonly #urgent = new Set<Promise<unknown>>()
  #last = Promise.resolve()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when it is the caller's turn. */
  turn(): Promise<void> {
    this.#last = this.#last
      .then(() => Promise.allSettled(this.#urgent))
      .then(() => new Promise(resolve => this.#clock.soon(resolve)))
    return this.#last
  }

  /** Nothing is opened before that has ended. */
  before<T>(work: Promise<T>): Promise<T> {
    const done = work.finally(() => this.#urgent.delete(done))
    this.#urgent.add(done)
    return done
  }

  /** Resolves when nobody waits for a turn. */
  async over(): Promise<void> {
    for (let seen: unknown; seen !== this.#last; await seen) seen = this.#last
  }
}
