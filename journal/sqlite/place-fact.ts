/** The journal's place, in the row that is written with each commit that moves it. */
import { type JournalPlace, nowhere } from '../journal-place.js'
import type { Connection, Statement } from './database.js'

const NAME = 'place'

export class PlaceFact {
  readonly #read: Statement
  readonly #write: Statement

  constructor(db: Connection) {
    this.#read = db.prepare('SELECT value FROM fact WHERE name = ?').pluck()
    this.#write = db.prepare('INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)')
  }

  read(): JournalPlace {
    const written = this.#read.get(NAME) as string | undefined
    if (written === undefined) return nowhere
    // One of an earlier release knows of no losses.
    return { ...nowhere, ...(JSON.parse(written) as Partial<JournalPlace>) }
  }

  write(place: JournalPlace): void {
    this.#write.run(NAME, JSON.stringify(place))
  }
}
