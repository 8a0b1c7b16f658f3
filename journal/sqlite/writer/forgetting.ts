/**
 * Lets go of the past: entries of an actor that are pruned, actors that are forgotten altogether. A segment's
 * entries go once none of them is kept; its place in the chain stays.
 *
 * All of it within a transaction of the caller's, with everything settled.
 */
import type { Address } from '../../../actors/address.js'
import { SNAPSHOTS_KEPT } from '../../snapshots.js'
import type { Connection, Statement } from '../database.js'
import type { PageEntry, PageRow } from '../history-table.js'
import type { LetterRows } from './letter-rows.js'

/** Pages that are in memory at once. */
const PRUNED_PAGES = 64

export class Forgetting {
  readonly #letters: LetterRows
  readonly #number: Statement
  readonly #family: Statement
  readonly #olderSnapshot: Statement
  readonly #pagesUpTo: Statement
  readonly #dropPage: Statement
  readonly #writePage: Statement
  readonly #segmentAt: Statement
  readonly #forgetEntries: Statement
  readonly #dropSegment: Statement
  readonly #dropMilestones: Statement
  readonly #dropSnapshots: Statement
  readonly #dropActor: Statement

  constructor(db: Connection, letters: LetterRows) {
    this.#letters = letters
    this.#number = db.prepare('SELECT no FROM actor WHERE address = ?').pluck()
    // '0' is what follows '/' in ASCII: the range of all addresses below this one.
    this.#family = db
      .prepare(
        `SELECT no FROM actor
         WHERE address = @address OR (address > @address || '/' AND address < @address || '0')`,
      )
      .pluck()
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
    this.#segmentAt = db
      .prepare('SELECT number FROM segment WHERE last >= ? ORDER BY last, number LIMIT 1')
      .pluck()
    this.#forgetEntries = db
      .prepare('UPDATE segment SET live = live - ? WHERE number = ? RETURNING live')
      .pluck()
    this.#dropSegment = db.prepare('DELETE FROM segment_entries WHERE number = ?')
    // A state whose next entries are gone is nothing to fold from.
    this.#dropMilestones = db.prepare('DELETE FROM snapshot WHERE actor = ? AND seq < ?')
    this.#dropSnapshots = db.prepare('DELETE FROM snapshot WHERE actor = ?')
    this.#dropActor = db.prepare('DELETE FROM actor WHERE no = ?')
  }

  /** Entries up to `seq` or the older snapshot; answers how many. */
  prune(address: Address, seq: number): number {
    const no = this.#number.get(address) as number | undefined
    const older = this.#olderSnapshot.get(no ?? 0) as number | undefined
    if (no === undefined || older === undefined) return 0
    return this.#dropEntries(no, Math.min(seq, older))
  }

  /** An actor and those below it: records, histories, snapshots, dead letters; answers how many. */
  forget(address: Address): number {
    const family = this.#family.all({ address }) as number[]
    for (const no of family) {
      this.#dropEntries(no, Number.MAX_SAFE_INTEGER)
      this.#dropSnapshots.run(no)
      this.#dropActor.run(no)
    }
    this.#letters.deleteFamily(address)
    return family.length
  }

  #dropEntries(no: number, upTo: number): number {
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
      const number = this.#segmentAt.get(position) as number | undefined
      if (number !== undefined) perSegment.set(number, (perSegment.get(number) ?? 0) + 1)
    }
    for (const [number, count] of perSegment)
      if ((this.#forgetEntries.get(count, number) as number) <= 0) this.#dropSegment.run(number)
    this.#dropPage.run(no, page.seq)
    if (kept.length > 0) this.#writePage.run(no, kept[0]![0], page.last, JSON.stringify(kept))
    return gone.length
  }
}
