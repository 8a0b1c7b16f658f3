/**
 * Settled dead letters: a row each until somebody redrives or drops it. Rows are named as letters are; those
 * of the first release, which had no names, count as of commit 0.
 */
import type { Address } from '../../actors/address.js'
import { decode, encode, toJson } from '../../actors/codec.js'
import type { KeptLetter } from '../../actors/journal.js'
import { type LetterPlace, letterId, letterPlace } from '../letter-id.js'
import { deadLetterRow } from '../segment/rows.js'
import type { Connection, Statement } from './database.js'

interface LetterRow extends LetterPlace {
  readonly bytes: Buffer
}

/** Before the first. */
const START: LetterPlace = { commit: -1, ordinal: 0 }
const COLUMNS = 'segment AS "commit", ordinal, bytes'

export class LetterTable {
  readonly #page: Statement
  readonly #find: Statement
  readonly #count: Statement
  readonly #insert: Statement
  readonly #delete: Statement
  readonly #deleteFamily: Statement

  constructor(db: Connection) {
    this.#page = db.prepare(
      `SELECT ${COLUMNS} FROM dead_letter WHERE (segment, ordinal) > (@commit, @ordinal) ORDER BY segment, ordinal`,
    )
    this.#find = db.prepare(
      `SELECT ${COLUMNS} FROM dead_letter WHERE segment = @commit AND ordinal = @ordinal`,
    )
    this.#count = db.prepare('SELECT count(*) FROM dead_letter').pluck()
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

  /** Oldest first, without end. */
  *after(id: string | undefined): IterableIterator<KeptLetter> {
    const place = id === undefined ? START : letterPlace(id)
    if (place === undefined) return
    for (const row of this.#page.iterate(place) as IterableIterator<LetterRow>) yield letterOf(row)
  }

  find(place: LetterPlace): KeptLetter | undefined {
    const row = this.#find.get(place) as LetterRow | undefined
    return row && letterOf(row)
  }

  count(): number {
    return this.#count.get() as number
  }

  /** Within a transaction. */
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

  /** Within a transaction. */
  delete(id: string): void {
    this.#delete.run(letterPlace(id)!)
  }

  /** Within a transaction: the letters of an actor and of those below it. */
  deleteFamily(address: Address): void {
    this.#deleteFamily.run({ address })
  }
}

function letterOf({ bytes, commit, ordinal }: LetterRow): KeptLetter {
  return { ...deadLetterRow.unpack(decode(bytes) as unknown[]), id: letterId({ commit, ordinal }) }
}
