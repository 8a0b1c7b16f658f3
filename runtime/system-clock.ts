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

/**
 * Alarms of one and the same delay: they are due in the order in which they were set, so one of Node's timers
 * serves them all. Most are time-outs that are taken back long before they are due.
 *
 * A chain, and no set: a set under such traffic copies itself every few hundred alarms, and what it leaves behind keeps
 * alive all they speak of until the next full collection (measured with the ends of waits in followers.ts: 11.5 → 8.6 %
 * of all that is allocated outlived two collections).
 */
interface Line {
  readonly delayMs: number
  first: Alarm | undefined
  last: Alarm | undefined
  /** Number of the alarm set last. */
  made: number
  timer: NodeJS.Timeout | undefined
}

interface Alarm {
  readonly due: number
  readonly dueElapsed: number
  /** Within its line, from 1. */
  readonly number: number
  /** Undefined once it rang or was taken back. */
  task: (() => void) | undefined
  before: Alarm | undefined
  after: Alarm | undefined
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
    const line = this.#lines.get(delayMs) ?? this.#begin(delayMs)
    const { last } = line
    const due = this.#nowAt(elapsed) + delayMs
    const number = ++line.made
    const alarm: Alarm = {
      due,
      dueElapsed: elapsed + delayMs,
      number,
      task,
      before: last,
      after: undefined,
    }
    if (last === undefined) line.first = alarm
    else last.after = alarm
    line.last = alarm
    return () => {
      if (taken(line, alarm) !== undefined && line.first === undefined) this.#end(line)
    }
  }

  soon(task: () => void): void {
    setImmediate(task)
  }

  #begin(delayMs: number): Line {
    const line: Line = { delayMs, first: undefined, last: undefined, made: 0, timer: undefined }
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
    // Not those that are set by what rings: they have their own turn.
    const last = line.made
    let leftMs = 0
    try {
      for (let alarm = line.first; alarm !== undefined && alarm.number <= last; alarm = line.first) {
        const elapsed = performance.now()
        leftMs = Math.min(alarm.due - this.#nowAt(elapsed), alarm.dueElapsed - elapsed)
        if (leftMs >= EARLY_MS) break
        taken(line, alarm)?.()
      }
    } finally {
      // One that throws takes none of the others with it.
      clearTimeout(line.timer)
      if (line.first !== undefined) this.#arm(line, leftMs)
      else this.#end(line)
    }
  }

  #end(line: Line): void {
    clearTimeout(line.timer)
    if (this.#lines.get(line.delayMs) === line) this.#lines.delete(line.delayMs)
  }
}

/** Takes an alarm out of its line. Answers its task, undefined when it was out already. */
function taken(line: Line, alarm: Alarm): (() => void) | undefined {
  const { task, before, after } = alarm
  if (task === undefined) return undefined
  if (before === undefined) line.first = after
  else before.after = after
  if (after === undefined) line.last = before
  else after.before = before
  alarm.task = undefined
  alarm.before = undefined
  alarm.after = undefined
  return task
}
