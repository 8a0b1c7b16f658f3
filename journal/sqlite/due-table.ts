/**
 * Who is due, among settled actors that no later commit has touched.
 *
 * Between two settlings rows stand still, but for hidden ones, and only ever more are hidden by newer commits, so
 * the earliest one not hidden is kept: a question asked with every turn of the engine does not go to the file.
 */
import type { Address } from '../../actors/address.js'
import type { DueActor } from '../../actors/journal.js'
import type { Connection, Statement } from './database.js'
import type { DueKind } from './unsettled.js'

const BATCH_ROWS = 64
const START: DueActor = { address: '', dueAt: Number.NEGATIVE_INFINITY }

export class DueTable {
  readonly #after: Statement
  readonly #isHidden: (address: Address) => boolean
  /** The last row known to be hidden, with all before it; rows after it are not looked at yet. */
  #passed = START
  /** The earliest row not hidden, once looked for. */
  #first: DueActor | 'none' | undefined

  constructor(db: Connection, kind: DueKind, isHidden: (address: Address) => boolean) {
    const column = kind === 'timer' ? 'timer_due_at' : 'retry_due_at'
    this.#after = db.prepare(
      `SELECT address, ${column} AS dueAt FROM actor
       WHERE ${column} >= @dueAt AND (${column} > @dueAt OR address > @address)
       ORDER BY ${column}, address LIMIT ${BATCH_ROWS}`,
    )
    this.#isHidden = isHidden
  }

  /** Rows have changed. */
  reset(): void {
    this.#passed = START
    this.#first = undefined
  }

  earliest(): DueActor | undefined {
    if (this.#first === undefined || (this.#first !== 'none' && this.#isHidden(this.#first.address)))
      this.#first = this.#find(Number.POSITIVE_INFINITY, 1)[0] ?? 'none'
    return this.#first === 'none' ? undefined : this.#first
  }

  upTo(until: number, limit: number): DueActor[] {
    const first = this.earliest()
    return first === undefined || first.dueAt > until ? [] : this.#find(until, limit)
  }

  #find(until: number, limit: number): DueActor[] {
    const found: DueActor[] = []
    let from = this.#passed
    for (;;) {
      const rows = this.#after.all(from) as DueActor[]
      for (const row of rows) {
        if (row.dueAt > until || found.length >= limit) return found
        if (!this.#isHidden(row.address)) found.push(row)
        else if (found.length === 0) this.#passed = row
      }
      if (rows.length < BATCH_ROWS) return found
      from = rows.at(-1)!
    }
  }
}
