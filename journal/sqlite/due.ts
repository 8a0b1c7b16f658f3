/** Who is due as of the last commit: those in rows that no later commit has touched, and those not in rows yet. */
import type { DueActor } from '../../actors/journal.js'
import type { Connection } from './database.js'
import { isBefore } from './due-heap.js'
import { DueTable } from './due-table.js'
import type { DueKind, Unsettled } from './unsettled.js'

export class Due {
  readonly #unsettled: () => Unsettled
  readonly #tables: Record<DueKind, DueTable>

  constructor(db: Connection, unsettled: () => Unsettled) {
    this.#unsettled = unsettled
    this.#tables = {
      timer: new DueTable(db, 'timer', address => unsettled().has(address)),
      retry: new DueTable(db, 'retry', address => unsettled().has(address)),
    }
  }

  upTo(kind: DueKind, until: number, limit: number): DueActor[] {
    return [...this.#unsettled().due(kind, until, limit), ...this.#tables[kind].upTo(until, limit)]
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .slice(0, limit)
  }

  earliest(kind: DueKind): number | undefined {
    const unsettled = this.#unsettled().earliestDue(kind)?.dueAt
    const settled = this.#tables[kind].earliest()?.dueAt
    return unsettled === undefined || (settled !== undefined && settled < unsettled) ? settled : unsettled
  }

  /** Rows have changed. */
  reset(): void {
    this.#tables.timer.reset()
    this.#tables.retry.reset()
  }
}
