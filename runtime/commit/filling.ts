/**
 * A batch while it is filled, a slice at a time, and then a flight: its commit on the way to the disk. While
 * one flies the next is filled, stepped on what the first made: a `Base` says what that is.
 *
 * Invariant: what is stepped on a flight that fails is thrown away with it.
 */
import type { Command } from '../../actors/command.js'
import type { Commit } from '../../actors/commit.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { CommandSources, Taken } from '../inbox/command-sources.js'
import type { BatchObserver } from '../observe/observer.js'
import type { Batch } from './batch.js'
import type { BatchSite, Lives } from './batch-site.js'

/** What a batch is stepped on, beside the actors themselves. */
export interface Base {
  /** Position of the last entry before it. */
  readonly position: number
  /** What was left to be stepped. */
  readonly pending: readonly Command[]
}

export interface Filled {
  readonly batch: Batch
  readonly taken: readonly Taken[]
  readonly observer: BatchObserver | undefined
}

/** Takes commands into a batch, and in what order. */
export class Filling implements Filled {
  readonly taken: Taken[] = []
  readonly batch: Batch
  readonly observer: BatchObserver | undefined
  readonly #limits: Limits

  constructor(batch: Batch, limits: Limits, observer: BatchObserver | undefined) {
    this.batch = batch
    this.#limits = limits
    this.observer = observer
  }

  /** Whether there is anything in it to commit, or to tell anybody. */
  get isOfUse(): boolean {
    return this.batch.size > 0 || !this.batch.isEmpty
  }

  /**
   * Steps what there is to step, at most `max` commands more.
   *
   * Actors that talk without end, and activities that never cease, must not starve the rest: half of these at the most
   * for what is left over, and the last quarter for what comes from outside first. It may depart at any time, so that
   * holds for each share of it.
   */
  fill(sources: CommandSources, max: number): void {
    const { batch } = this
    const end = Math.min(this.#limits.batchCommandsMax, batch.size + max)
    const share = end - batch.size
    const threeQuarters = end - share / 4
    batch.cascade(end - share / 2)
    while (batch.size < end && !batch.isFull) {
      const isLast = batch.size >= threeQuarters
      const one = this.#take(sources, isLast)
      if (one === undefined) break
      this.taken.push(one)
      batch.apply(one.command, one.delivery)
      batch.cascade(isLast ? end : threeQuarters)
    }
    batch.cascade(end)
  }

  /** While actors have much to step that they sent each other, whoever comes from outside waits at the door. */
  #take(sources: CommandSources, isLast: boolean): Taken | undefined {
    const { pending } = this.batch
    const { pendingCommandsMax, pendingBytesMax } = this.#limits
    if (pending.size >= pendingCommandsMax / 2 || pending.bytes >= pendingBytesMax / 2)
      return sources.takeInside()
    return isLast ? sources.takeOutsideFirst() : sources.take()
  }
}

/** A batch whose commit is on its way. */
export interface Flight extends Filled {
  readonly commit: Commit
  /** What the next batch is stepped on, should it arrive. */
  readonly base: Base
  /** Whether all that was due is in it, so that what is due next may be asked for once it is durable. */
  readonly holdsDue: boolean
}

type Ground = Pick<BatchSite, 'cache' | 'position' | 'pending' | 'letter'>

/** What a batch is stepped on: what is durable, or what will be once the flight has arrived. */
export function groundOf(
  flight: Flight | undefined,
  durable: { readonly base: Base; readonly lives: Lives; readonly journal: Journal },
): Ground {
  const { base, lives, journal } = durable
  if (flight === undefined) return { ...base, cache: lives, letter: id => journal.deadLetter(id) }
  return groundOn(flight, lives, journal)
}

/** Keeps of the flight what it made and no more: it stands on the one before, and that on another. */
function groundOn({ batch, base }: Flight, lives: Lives, journal: Journal): Ground {
  const { lives: flown, settled } = batch
  return {
    ...base,
    cache: { get: (address, now) => flown.get(address) ?? lives.get(address, now) },
    letter: id => (settled.has(id) ? undefined : journal.deadLetter(id)),
  }
}
