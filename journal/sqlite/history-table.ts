/**
 * Actors' histories: found through their pages, read from the segments, so that what comes back is what was
 * appended and not what people are shown.
 */

import type { Address } from '../../actors/address.js'
import type { EntryPage } from '../entry-page.js'
import { entryAt, entryBytes } from '../segment/segment.js'
import { SNAPSHOTS_KEPT } from '../snapshots.js'
import type { Connection, Statement } from './database.js'
import type { SegmentTable } from './segment-table.js'

interface PageRow {
  readonly seq: number
  readonly last: number
  readonly entries: string
}

/** As history-json.ts writes it; only the first two are read here. */
type PageEntry = readonly [seq: number, position: number, ...rest: unknown[]]

/** Pages that pruning has in memory at once. */
const PRUNED_PAGES = 64

export class HistoryTable {
  readonly #segments: SegmentTable
  readonly #number: Statement
  readonly #pages: Statement
  readonly #olderSnapshot: Statement
  readonly #pagesUpTo: Statement
  readonly #dropPage: Statement
  readonly #writePage: Statement
  readonly #forgetEntries: Statement
  readonly #dropSegment: Statement
  readonly #dropMilestones: Statement

  constructor(db: Connection, segments: SegmentTable) {
    this.#segments = segments
    this.#number = db.prepare('SELECT no FROM actor WHERE address = ?').pluck()
    this.#pages = db.prepare(
      `SELECT seq, last, entries FROM page WHERE actor = @no AND seq >=
         coalesce((SELECT max(seq) FROM page WHERE actor = @no AND seq <= @after + 1), 0)
       ORDER BY seq`,
    )
    this.#olderSnapshot = db
      .prepare(
        `SELECT seq FROM snapshot WHERE actor = ? ORDER BY seq DESC LIMIT 1 OFFSET ${SNAPSHOTS_KEPT - 1}`,
      )
      .pluck()
    this.#pagesUpTo = db.prepare(
      `SELECT seq, last, entries FROM page WHERE actor = ? AND seq <= ? ORDER BY seq LIMIT ${PRUNED_PAGES}`,
    )
    this.#dropPage = db.prepare('DELETE FROM page WHERE actor = ? AND seq = ?')
    this.#writePage = db.prepare('INSERT INTO page (actor, seq, last, entries) VALUES (?, ?, ?, ?)')
    this.#forgetEntries = db
      .prepare('UPDATE segment SET live = live - ? WHERE number = ? RETURNING live')
      .pluck()
    // A state whose next entries are gone is nothing to fold from.
    this.#dropMilestones = db.prepare('DELETE FROM snapshot WHERE actor = ? AND seq < ?')
    this.#dropSegment = db.prepare('DELETE FROM segment_entries WHERE number = ?')
  }

  /** Adds entries with `after < seq < before` until the page is full. */
  fill(into: EntryPage, address: Address, after: number, before: number): void {
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

  /** Within a transaction, with everything settled: forgets entries up to `seq` or the older snapshot. */
  prune(address: Address, seq: number): number {
    const no = this.#number.get(address) as number | undefined
    const older = this.#olderSnapshot.get(no ?? 0) as number | undefined
    if (no === undefined || older === undefined) return 0
    return this.#drop(no, Math.min(seq, older))
  }

  /** Within a transaction, with everything settled: forgets all entries of an actor. */
  dropAll(address: Address): void {
    const no = this.#number.get(address) as number | undefined
    if (no !== undefined) this.#drop(no, Number.MAX_SAFE_INTEGER)
  }

  #drop(no: number, upTo: number): number {
    this.#dropMilestones.run(no, upTo)
    let pruned = 0
    for (;;) {
      // What is left of a page begins after `upTo`, so each round finds fewer, in the end none.
      const pages = this.#pagesUpTo.all(no, upTo) as PageRow[]
      for (const page of pages) pruned += this.#prunePage(no, page, upTo)
      if (pages.length < PRUNED_PAGES) return pruned
    }
  }

  #prunePage(no: number, page: PageRow, upTo: number): number {
    const entries = JSON.parse(page.entries) as PageEntry[]
    const kept = entries.filter(entry => entry[0] > upTo)
    const gone = entries.slice(0, entries.length - kept.length)
    const perSegment = new Map<number, number>()
    for (const [, position] of gone) {
      const number = this.#segments.at(position)?.number
      if (number !== undefined) perSegment.set(number, (perSegment.get(number) ?? 0) + 1)
    }
    for (const [number, count] of perSegment) this.#forget(number, count)
    this.#dropPage.run(no, page.seq)
    if (kept.length > 0) this.#writePage.run(no, kept[0]![0], page.last, JSON.stringify(kept))
    return gone.length
  }

  #forget(number: number, count: number): void {
    const live = this.#forgetEntries.get(count, number) as number
    if (live > 0) return
    this.#dropSegment.run(number)
    this.#segments.forget(number)
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
