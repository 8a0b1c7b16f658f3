/** Writes and removes the rows of dead letters. All of it within a transaction of the caller's. */
import type { Address } from '../../../actors/address.js'
import { encode, toJson } from '../../../actors/codec.js'
import type { KeptLetter } from '../../../actors/journal.js'
import { letterPlace } from '../../letter-id.js'
import { deadLetterRow } from '../../segment/rows.js'
import type { Connection, Statement } from '../database.js'

export class LetterRows {
  readonly #insert: Statement
  readonly #delete: Statement
  readonly #deleteFamily: Statement

  constructor(db: Connection) {
    this.#insert = db.prepare(
      `INSERT OR REPLACE INTO dead_letter (segment, ordinal, position, address, at, command, error, bytes)
       VALUES (@commit, @ordinal, @position, @address, @at, @command, @error, @bytes)`,
    )
    this.#delete = db.prepare('DELETE FROM dead_letter WHERE segment = @commit AND ordinal = @ordinal')
    // '0' is what follows '/' in ASCII: the range of all addresses below this one.
    this.#deleteFamily = db.prepare(
      `DELETE FROM dead_letter WHERE address = @address OR (address > @address || '/' AND address < @address || '0')`,
    )
  }

  insert({ id, ...letter }: KeptLetter): void {
    const { position, at, command, error } = letter
    this.#insert.run({
      ...letterPlace(id)!,
      position,
      address: command.target,
      at,
      command: toJson(command),
      error: toJson(error),
      bytes: encode(deadLetterRow.pack(letter)),
    })
  }

  delete(id: string): void {
    this.#delete.run(letterPlace(id)!)
  }

  /** The letters of an actor and of those below it. */
  deleteFamily(address: Address): void {
    this.#deleteFamily.run({ address })
  }
}
