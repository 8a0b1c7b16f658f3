/**
 * A clock that stands still until told. Only waiting is virtual: `soon` runs soon.
 */
import type { Clock } from '../../actors/clock.js'

interface Alarm {
  readonly at: number
  readonly order: number
  readonly task: () => void
}

export class VirtualClock implements Clock {
  #now: number
  #order = 0
  readonly #alarms = new Set<Alarm>()
  readonly #real: Clock

  constructor(startMs: number, real: Clock) {
    this.#now = startMs
    this.#real = real
  }

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#now
  }

  after(delayMs: number, task: () => void): () => void {
    const alarm = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task }
    this.#alarms.add(alarm)
    return () => {
      this.#alarms.delete(alarm)
    }
  }

  soon(task: () => void): void {
    this.#real.soon(task)
  }

  /** Goes to the next alarm at or before `until` and lets it ring; false when there is none. */
  ring(until: number): boolean {
    let next: Alarm | undefined
    for (const alarm of this.#alarms)
      if (next === undefined || alarm.at < next.at || (alarm.at === next.at && alarm.order < next.order))
        next = alarm
    if (next === undefined || next.at > until) return false
    this.#alarms.delete(next)
    this.#now = Math.max(this.#now, next.at)
    next.task()
    return true
  }

  moveTo(atMs: number): void {
    this.#now = Math.max(this.#now, atMs)
  }
}
