/**
 * Time and order in a simulation. All that happens is a task here; of those due at the same instant chance
 * says which goes first. A task ends when everything it promised is done.
 *
 * Invariant: nothing runs but by `step`, so the order of events is the seed's and not the machine's.
 */
import type { Clock } from '../../actors/clock.js'
import type { Random } from './random.js'

/** Whose task it is: one that is not alive has none. */
export interface Owner {
  readonly alive: boolean
}

interface Task {
  readonly at: number
  readonly tie: number
  readonly run: () => void
  readonly owner: Owner | undefined
}

export class Scheduler {
  #now: number
  #steps = 0
  readonly #random: Random
  readonly #tasks = new Set<Task>()

  constructor(startMs: number, random: Random) {
    this.#now = startMs
    this.#random = random
  }

  get now(): number {
    return this.#now
  }

  /** Tasks run so far: a finer clock than time. */
  get steps(): number {
    return this.#steps
  }

  /** The answer cancels it. */
  schedule(delayMs: number, run: () => void, owner?: Owner): () => void {
    const task = { at: this.#now + Math.ceil(Math.max(0, delayMs)), tie: this.#random.next(), run, owner }
    this.#tasks.add(task)
    return () => {
      this.#tasks.delete(task)
    }
  }

  /** Runs the next task and all that it promised; false when there is none. */
  async step(): Promise<boolean> {
    const next = this.#next()
    if (next === undefined) return false
    this.#tasks.delete(next)
    this.#now = Math.max(this.#now, next.at)
    this.#steps++
    next.run()
    // Every promise that can go on does so before this one: nothing else waits for the machine.
    await new Promise<void>(resolve => setImmediate(resolve))
    return true
  }

  #next(): Task | undefined {
    let next: Task | undefined
    for (const task of this.#tasks) {
      if (task.owner?.alive === false) this.#tasks.delete(task)
      else if (next === undefined || task.at < next.at || (task.at === next.at && task.tie < next.tie))
        next = task
    }
    return next
  }
}

/** The clock of one process: a little late at times, never early, and set wrong by `offsetMs`. */
export class ProcessClock implements Clock {
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #owner: Owner
  readonly #offsetMs: number

  constructor(scheduler: Scheduler, random: Random, owner: Owner, offsetMs: number) {
    this.#scheduler = scheduler
    this.#random = random
    this.#owner = owner
    this.#offsetMs = offsetMs
  }

  now(): number {
    return this.#scheduler.now + this.#offsetMs
  }

  elapsed(): number {
    return this.#scheduler.now
  }

  after(delayMs: number, task: () => void): () => void {
    const lateMs = this.#random.chance(0.2) ? this.#random.between(1, 15) : 0
    return this.#scheduler.schedule(delayMs + lateMs, task, this.#owner)
  }

  soon(task: () => void): void {
    const lateMs = this.#random.chance(0.2) ? this.#random.between(1, 3) : 0
    this.#scheduler.schedule(lateMs, task, this.#owner)
  }
}
