/**
 * What a batch is stepped on, and where.
 */
import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { KeptLetter } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { BatchObserver } from '../observe/observer.js'
import type { Losses } from '../recovery/losses.js'
import type { Bindings } from '../step/bindings.js'
import type { Life } from '../step/life.js'

/** Where a batch finds the actors it does not hold itself. */
export interface Lives {
  get(address: Address, now: number): Life | undefined
}

export interface BatchSite {
  readonly cache: Lives
  readonly bindings: Bindings
  readonly limits: Limits
  /** Position of the last entry committed. */
  readonly position: number
  readonly now: number
  /** What commands that bring no time of their own are stamped with, unless their actor is ahead of it. */
  readonly stamp: number
  /** What earlier commits left to be stepped. */
  readonly pending: readonly Command[]
  /** A dead letter as committed; undefined when it is settled. */
  letter(id: string): KeptLetter | undefined
  /** Whether an actor lives in this shard. Absent: all do. */
  readonly isHere?: ((address: Address) => boolean) | undefined
  /** What an actor has to count before it takes the command. Absent: none has. */
  readonly losses?: Pick<Losses, 'isOver' | 'before'>
  readonly observer?: BatchObserver | undefined
}
