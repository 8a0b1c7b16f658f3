/**
 * The real clock. `now` follows the wall clock when that runs ahead, and when it is set back goes on at half
 * pace until the wall clock has caught up: stamps neither run backwards nor freeze.
 */
import type { Clock } from '../actors/clock.js'

/**
 * A longer delay is reached in steps of that: Node's timers take no more than 2^31 ms, and they stand still
 * while the machine sleeps. When it wakes, what the wall clock says is due is noticed within one step.
 */
const TIMER_STEP_MS_MAX = 30_000

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
    const [due, dueElapsed] = [this.now() + delayMs, this.elapsed() + delayMs]
    const arm = (leftMs: number) => {
      const isLong = leftMs > TIMER_STEP_MS_MAX
      const again = () => arm(Math.min(due - this.now(), dueElapsed - this.elapsed()))
      timer = setTimeout(isLong ? again : task, isLong ? TIMER_STEP_MS_MAX : Math.max(0, leftMs))
    }
    arm(delayMs)
    return () => clearTimeout(timer)
  }

  soon(task: () => void): void {
    setImmediate(task)
  }
}
