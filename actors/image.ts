/**
 * A shard's image: its journal at one commit without the history before it, packed into one file. Whoever has nothing
 * of a shard begins with it, and reads on in the log from where it ends.
 *
 * In it: every actor's record with its indexes, finished ones as well, commands that are pending, dead letters, how
 * far each inbox was read, where the chain of commits and the log stand. Not in it: entries that were settled before.
 * So the history of a journal that began with an image begins there (`Journal.historyFrom`).
 */
import type { LogPosition } from './journal.js'

/** What an image says of itself, and is held against wherever it arrives. */
export interface ImageFacts {
  /** Position of the last entry that is in its state, and number and hash of that commit in the chain. */
  readonly position: number
  readonly commits: number
  readonly chain: string
  /** Position of the first entry that is in it; one more than `position` when none is. */
  readonly historyFrom: number
  /** The commit in the log that it ends with. */
  readonly log: LogPosition
  readonly actors: number
  /** Of the tables in it. */
  readonly schema: number
  /** Packed, as it travels. */
  readonly bytes: number
  /** Unpacked, and the hash of that, in hex. */
  readonly journalBytes: number
  readonly journalSha256: string
}
