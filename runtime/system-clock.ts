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
/** Node's timers go by whole milliseconds, and may ring by a part of one too soon. */
const EARLY_MS = 1

interface Alarm {
  readonly due: number
  readonly dueElapsed: number
  readonly task: () => void
}

/**
 * Alarms of one and the same delay: they are due in the order in which they were set, so one of Node's timers
 * serves them all. Most are time-outs that are taken back long before they are due.
 */
interface Line {
  readonly delayMs: number
  readonly alarms: Set<Alarm>
  timer: NodeJS.Timeout | undefined
}

export class SystemClock implements Clock {
  #last = Date.now()
  #lastElapsed = performance.now()
  readonly #lines = new Map<number, Line>()

  now(): number {
    return this.#nowAt(performance.now())
  }

  #nowAt(elapsed: number): number {
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
    const elapsed = performance.now()
    const alarm = { due: this.#nowAt(elapsed) + delayMs, dueElapsed: elapsed + delayMs, task }
    const line = this.#lines.get(delayMs) ?? this.#begin(delayMs)
    const { alarms } = line
    alarms.add(alarm)
    return () => {
      if (alarms.delete(alarm) && alarms.size === 0) this.#end(line)
    }
  }

  soon(task: () => void): void {
    setImmediate(task)
  }

  #begin(delayMs: number): Line {
    const line: Line = { delayMs, alarms: new Set(), timer: undefined }
    this.#lines.set(delayMs, line)
    this.#arm(line, delayMs)
    return line
  }

  #arm(line: Line, leftMs: number): void {
    const waitMs = Math.min(TIMER_STEP_MS_MAX, Math.max(EARLY_MS, leftMs))
    line.timer = setTimeout(() => this.#ring(line), waitMs)
  }

  /** Lets ring what is due of a line, and waits for the next. */
  #ring(line: Line): void {
    const { alarms } = line
    let leftMs = 0
    // Not those that are set by what rings: they have their own turn.
    let count = alarms.size
    try {
      for (const alarm of alarms) {
        if (count-- === 0) break
        const elapsed = performance.now()
        leftMs = Math.min(alarm.due - this.#nowAt(elapsed), alarm.dueElapsed - elapsed)
        if (leftMs >= EARLY_MS) break
        alarms.delete(alarm)
        alarm.task()
      }
    } finally {
      // One that throws takes none of the others with it.
      clearTimeout(line.timer)
      if (alarms.size > 0) this.#arm(line, leftMs)
      else this.#end(line)
    }
  }

  #end(line: Line): void {
    clearTimeout(line.timer)
    if (this.#lines.get(line.delayMs) === line) this.#lines.delete(line.delayMs)
  }
}
