/**
 * The real clock. `now` follows the wall clock when that runs ahead, and when it is set back goes on at half
 * pace until the wall clock has caught up: stamps neither run backwards nor freeze.
 */
import type { Clock } from '../actors/clock.js'

/** Longest delay Node's timers take; a longer one is reached in steps. */
const TIMER_MS_MAX = 2 ** 31 - 1

export class SystemClock implements Clock {
  #last = Date.now()
  #lastElapsed = performance.now()

  now(): number {
    const elapsed = performance.now()
    const wall = Date.now()
    const slewed = this.#last + (elapsed - this.#lastElapsed) / 2
    if (wall >= this.#last) {
      this.#last = wall
      this.#lastElapsed = elapsed
    } else if (slewed - this.#last >= 1) {
      this.#last = Math.floor(slewed)
      this.#lastElapsed = elapsed
    }
    return this.#last
  }

  elapsed(): number {
    return performance.now()
  }

  after(delayMs: number, task: () => void): () => void {
    let timer: NodeJS.Timeout
    const arm = (leftMs: number) => {
      timer = setTimeout(
        () => (leftMs > TIMER_MS_MAX ? arm(leftMs - TIMER_MS_MAX) : task()),
        Math.min(Math.max(0, leftMs), TIMER_MS_MAX),
      )
    }
    arm(delayMs)
    return () => clearTimeout(timer)
  }

  soon(task: () => void): void {
    setImmediate(task)
  }
}
