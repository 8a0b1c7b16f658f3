/**
 * Settled dead letters as they are read: a row each until somebody redrives or drops it. Rows are named as letters
 * are; those of the first release, which had no names, count as of commit 0.
 */
import { decode } from '../../actors/codec.js'
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

  constructor(db: Connection) {
    this.#page = db.prepare(
      `SELECT ${COLUMNS} FROM dead_letter WHERE (segment, ordinal) > (@commit, @ordinal) AND segment < @before
       ORDER BY segment, ordinal`,
    )
    this.#find = db.prepare(
      `SELECT ${COLUMNS} FROM dead_letter WHERE segment = @commit AND ordinal = @ordinal`,
    )
    this.#count = db.prepare('SELECT count(*) FROM dead_letter WHERE segment < ?').pluck()
  }

  /** After one, of commits before the number `before`: oldest first, without end. */
  *between(after: string | undefined, before: number): IterableIterator<KeptLetter> {
    const place = after === undefined ? START : letterPlace(after)
    if (place === undefined) return
    for (const row of this.#page.iterate({ ...place, before }) as IterableIterator<LetterRow>)
      yield letterOf(row)
  }

  find(place: LetterPlace): KeptLetter | undefined {
    const row = this.#find.get(place) as LetterRow | undefined
    return row && letterOf(row)
  }

  /** Those of commits before the number `before`. */
  count(before: number): number {
    return this.#count.get(before) as number
  }
}

function letterOf({ bytes, commit, ordinal }: LetterRow): KeptLetter {
  return { ...deadLetterRow.unpack(decode(bytes) as unknown[]), id: letterId({ commit, ordinal }) }
}
