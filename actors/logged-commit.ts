/**
 * A commit as it stands in the log of a cluster, where the record of a large state may say only what changed. All
 * else of it is read as it is; its records are for who holds the states that the commit before left.
 */
import type { Address } from './address.js'
import type { Commit } from './commit.js'

/** An actor's state, as its logic encoded it, after its entry of that number. */
export interface StateAt {
  readonly seq: number
  readonly state: Uint8Array
}

/** Actors' states as the commit before left them. Undefined: there is none, or it is not to be had. */
export type StatesBefore = (address: Address) => StateAt | undefined

export interface LoggedCommit extends Omit<Commit, 'records'> {
  /**
   * All of it.
   * @param log where it was read, for people.
   * @throws LogMismatchError `another state` when a record was made against a state that is not the one before here.
   */
  whole(before: StatesBefore, log: { readonly stream: string; readonly shard: number }): Commit
}
