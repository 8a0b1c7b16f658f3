/** Where the chain of a journal begins that began with an image: after the last commit that the image had settled. */
import type { Connection } from './database.js'

const NAME = 'image'

/** Number of that commit; 0: the chain begins with the first. */
export function readImageBase(db: Connection): number {
  return (db.prepare('SELECT value FROM fact WHERE name = ?').pluck().get(NAME) as number | undefined) ?? 0
}

export function writeImageBase(db: Connection, number: number): void {
  db.prepare('INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)').run(NAME, number)
}
