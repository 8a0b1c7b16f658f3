/** Actors' states as their rows have them: what the first unsettled commits that say only what changed are made against. */
import { crc32 } from 'node:zlib'
import type { Address } from '../../actors/address.js'
import type { StateAt } from '../../actors/logged-commit.js'
import { stateIn } from '../segment/rows.js'
import type { Connection, Statement } from './database.js'

export class SettledStates {
  readonly #record: Statement

  constructor(db: Connection) {
    this.#record = db.prepare('SELECT seq, checksum, record FROM actor WHERE address = ?')
  }

  /** Undefined when there is none, or it is damaged. */
  find(address: Address): StateAt | undefined {
    const row = this.#record.get(address) as { seq: number; checksum: number; record: Buffer } | undefined
    if (row === undefined || crc32(row.record) !== row.checksum) return undefined
    return { seq: row.seq, state: stateIn(row.record) }
  }
}
