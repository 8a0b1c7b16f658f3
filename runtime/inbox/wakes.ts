/**
 * When a host turns: soon after it is woken, or at a time that was set when it came to rest.
 *
 * Invariant: at most one turn is on its way, and none while the host is to be left alone.
 */
import type { Clock } from '../../actors/clock.js'

export class Wakes {
  readonly #clock: Clock
  readonly #turn: () => void
  #cancels: (() => void)[] = []
  #isSoon = false
  #isLeftAlone = false

  constructor(clock: Clock, turn: () => void) {
    this.#clock = clock
    this.#turn = turn
  }

  /** Nothing that was set is waited for any more. */
  soon(): void {
    if (this.#isSoon || this.#isLeftAlone) return
    this.#isSoon = true
    this.cancel()
    this.#clock.soon(() => {
      this.#isSoon = false
      if (!this.#isLeftAlone) this.#turn()
    })
  }

  /** Turns in that many milliseconds, or does `task` then, unless cancelled; never, for Infinity. */
  in(delayMs: number, task = () => this.soon()): void {
    if (Number.isFinite(delayMs)) this.#cancels.push(this.#clock.after(delayMs, task))
  }

  /** For that many milliseconds, whatever comes in; then it turns. */
  leaveAlone(forMs: number): void {
    this.cancel()
    this.#isLeftAlone = true
    this.in(forMs, () => {
      this.#isLeftAlone = false
      this.soon()
    })
  }

  /** All that was set. */
  cancel(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels = []
  }
}
