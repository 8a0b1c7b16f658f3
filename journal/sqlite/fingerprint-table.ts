/** Which structure each version of a type was first run with. */
import type { Connection, Statement } from './database.js'

export class FingerprintTable {
  readonly #find: Statement
  readonly #insert: Statement

  constructor(db: Connection) {
    this.#find = db.prepare('SELECT fingerprint FROM fingerprint WHERE type = ? AND version = ?').pluck()
    this.#insert = db.prepare('INSERT INTO fingerprint VALUES (?, ?, ?)')
  }

  find(type: string, version: string): string | undefined {
    return this.#find.get(type, version) as string | undefined
  }

  /** Answers how many it wrote. */
  record(type: string, version: string, fingerprint: string): number {
    return this.#insert.run(type, version, fingerprint).changes
  }
}
