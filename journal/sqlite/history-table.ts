/**
 * Actors' histories: found through their pages, read from the segments, so that what comes back is what was
 * appended and not what people are shown; and behind them what is in no pages yet.
 */

import type { Address } from '../../actors/address.js'
import type { JournalEntry } from '../../actors/commit.js'
import { EntryPage } from '../entry-page.js'
import { entryAt, entryBytes } from '../segment/segment.js'
import type { Connection, Statement } from './database.js'
import type { SegmentTable } from './segment-table.js'
import type { Unsettled } from './unsettled.js'

/** Some consecutive entries of one actor. */
export interface PageRow {
  readonly seq: number
  readonly last: number
  readonly entries: string
}

/** As history-json.ts writes it; only the first two are read. */
export type PageEntry = readonly [seq: number, position: number, ...rest: unknown[]]

export class HistoryTable {
  readonly #segments: SegmentTable
  readonly #number: Statement
  readonly #pages: Statement
  readonly #unsettled: () => Unsettled

  constructor(db: Connection, segments: SegmentTable, unsettled: () => Unsettled) {
    this.#segments = segments
    this.#unsettled = unsettled
    this.#number = db.prepare('SELECT no FROM actor WHERE address = ?').pluck()
    this.#pages = db.prepare(
      `SELECT seq, last, entries FROM page WHERE actor = @no AND seq >=
         coalesce((SELECT max(seq) FROM page WHERE actor = @no AND seq <= @after + 1), 0)
       ORDER BY seq`,
    )
  }

  /** Entries after a seq: at most `limit`, and none after the one that reaches `bytesMax`. */
  entries(address: Address, after: number, limit: number, bytesMax: number): readonly JournalEntry[] {
    const page = new EntryPage(limit, bytesMax)
    const unsettled = this.#unsettled().entriesOf(address)
    this.#fill(page, address, after, unsettled[0]?.seq ?? Number.POSITIVE_INFINITY)
    for (const { seq, segment, index } of unsettled) {
      if (page.isFull) break
      if (seq > after) page.add(entryAt(segment.entries, index), entryBytes(segment.entries, index))
    }
    return page.entries
  }

  /** Adds entries with `after < seq < before` until the page is full. */
  #fill(into: EntryPage, address: Address, after: number, before: number): void {
    const no = this.#number.get(address) as number | undefined
    if (no === undefined) return
    for (const page of this.#pages.iterate({ no, after }) as IterableIterator<PageRow>) {
      if (page.last <= after) continue
      for (const [seq, position] of JSON.parse(page.entries) as PageEntry[]) {
        if (into.isFull || seq >= before) return
        if (seq > after) this.#add(into, position)
      }
    }
  }

  #add(into: EntryPage, position: number): void {
    const stub = this.#segments.at(position)
    const bytes = stub && this.#segments.entries(stub)
    if (stub === undefined || bytes === undefined)
      throw new Error(`the entry at position ${position} is in a page of history, but in no segment`)
    const index = position - stub.first
    into.add(entryAt(bytes, index), entryBytes(bytes, index))
  }
}
