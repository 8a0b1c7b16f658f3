/** The write-ahead log's length, and when it is emptied: once it is long, or in a pause. */
import type { Limits } from '../../../actors/limits.js'
import { fileBytes } from '../../files/directory.js'
import { type Connection, checkpoint } from '../database.js'

export class WriteAheadLog {
  readonly #db: Connection
  readonly #file: string
  readonly #limits: Pick<Limits, 'walBytesMax' | 'walPauseBytesMax'>
  #emptiedAtBytes: number

  constructor(db: Connection, journal: string, limits: Pick<Limits, 'walBytesMax' | 'walPauseBytesMax'>) {
    this.#db = db
    this.#file = `${journal}-wal`
    this.#limits = limits
    this.#emptiedAtBytes = limits.walBytesMax
  }

  get isLong(): boolean {
    return fileBytes(this.#file) >= this.#emptiedAtBytes
  }

  get isWorthAPause(): boolean {
    return fileBytes(this.#file) >= this.#limits.walPauseBytesMax
  }

  /** Answers whether it could be. */
  empty(): boolean {
    const isEmpty = checkpoint(this.#db)
    // A reader may have kept some of it: the next attempt is due once as much has come again.
    this.#emptiedAtBytes = fileBytes(this.#file) + this.#limits.walBytesMax
    return isEmpty
  }
}
