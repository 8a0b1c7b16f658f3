/** What a host that has nothing to do is woken for: set anew each time it comes to rest. */
import type { Clock } from '../../actors/clock.js'

export class Alarm {
  readonly #clock: Clock
  #cancels: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `task` in that many milliseconds, unless cancelled; never, for Infinity. */
  set(delayMs: number, task: () => void): void {
    if (Number.isFinite(delayMs)) this.#cancels.push(this.#clock.after(delayMs, task))
  }

  /** Cancels all that was set. */
  cancel(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels = []
  }
}
