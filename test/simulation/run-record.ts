/** What is noted of one simulated run: what happened, how often, and what went wrong first. */
import { createHash } from 'node:crypto'
import type { Scheduler } from './scheduler.js'

export class RunRecord {
  readonly counts: Record<string, number> = {}
  readonly #scheduler: Scheduler
  readonly #startMs: number
  readonly #onTrace: ((line: string) => void) | undefined
  readonly #hash = createHash('sha256')
  #failure: string | undefined

  /** @param startMs simulated time at the beginning. */
  constructor(scheduler: Scheduler, startMs: number, onTrace: ((line: string) => void) | undefined) {
    this.#scheduler = scheduler
    this.#startMs = startMs
    this.#onTrace = onTrace
  }

  /** What went wrong first. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Of all that was traced, once it is over: the same run has the same. */
  digest(): string {
    return this.#hash.digest('hex')
  }

  readonly count = (what: string): void => {
    this.counts[what] = (this.counts[what] ?? 0) + 1
  }

  readonly trace = (what: string): void => {
    const line = `+${this.#scheduler.now - this.#startMs} ms #${this.#scheduler.steps} ${what}`
    this.#hash.update(`${line}\n`)
    this.#onTrace?.(line)
  }

  readonly fail = (what: string): void => {
    this.#failure ??= what
    this.trace(`FAILED: ${what}`)
  }
}
