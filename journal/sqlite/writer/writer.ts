/**
 * The one that writes: commits, each chained to the one before, and the rows that are made of them. It owns the
 * writing connection, the high-water mark, and the write-ahead log's length.
 *
 * Invariants: a commit is one transaction and one sync; rows are only made of commits that whoever asked knows to
 * be durable; the mark is never ahead of what is on the disk. Settling only says again what segments say: losing
 * it loses nothing, so it is never synced, and what there is no room for is left.
 */

import { isJournalFull } from '../../../actors/errors.js'
import { HighWaterFile } from '../../files/high-water.js'
import type { JournalPlace } from '../../journal-place.js'
import { type PackedSegment, type Segment, sealSegment } from '../../segment/segment.js'
import { type Connection, type Durability, translated } from '../database.js'
import { FingerprintTable } from '../fingerprint-table.js'
import { endOf, unsettledSegments } from '../load.js'
import type { JournalLimits } from '../open.js'
import { PlaceFact } from '../place-fact.js'
import { SegmentTable } from '../segment-table.js'
import { SettledStates } from '../settled-states.js'
import { Backlog, type Progress } from './backlog.js'
import { Forgetting } from './forgetting.js'
import { LetterRows } from './letter-rows.js'
import type { Errand, Report } from './orders.js'
import { Settler } from './settler.js'
import { WriteAheadLog } from './write-ahead-log.js'

/** Of what was not settled when it began: a few milliseconds' worth. */
const SEGMENTS_READ_AT_ONCE = 2

export interface WriterSite {
  readonly db: Connection
  readonly journal: string
  readonly highWater: string
  readonly durability: Durability
  readonly limits: JournalLimits
  readonly tell: (report: Report) => void
}

export class Writer {
  readonly #site: WriterSite
  readonly #segments: SegmentTable
  readonly #fingerprints: FingerprintTable
  readonly #forgetting: Forgetting
  readonly #settler: Settler
  readonly #backlog: Backlog
  readonly #wal: WriteAheadLog
  readonly #mark: HighWaterFile
  readonly #insert: (segments: readonly Segment[], place: JournalPlace | undefined) => void
  readonly #settleSlice: () => Progress
  #end: ReturnType<typeof endOf>
  /** What was not settled when this began, and came since, as far as it is not read: the first commits do not wait for it. */
  #unread: IterableIterator<Segment> | undefined
  #synced: Durability
  /** There was no room for rows: nothing is settled of itself until someone asks again. */
  #isStalled = false
  /** Someone asked for everything to be settled, and for the pause to be used. */
  #isPause = false

  constructor(site: WriterSite) {
    const { db, journal, highWater, durability, limits } = site
    this.#site = site
    this.#segments = new SegmentTable(db, journal)
    this.#fingerprints = new FingerprintTable(db)
    const letters = new LetterRows(db)
    this.#forgetting = new Forgetting(db, letters)
    this.#settler = new Settler(db, letters)
    const states = new SettledStates(db)
    this.#backlog = new Backlog(limits, address => states.find(address))
    this.#wal = new WriteAheadLog(db, journal, limits)
    const placeFact = new PlaceFact(db)
    this.#insert = db.transaction((segments: readonly Segment[], place: JournalPlace | undefined) => {
      for (const segment of segments) this.#segments.insert(segment)
      if (place !== undefined) placeFact.write(place)
    }).immediate
    this.#settleSlice = db.transaction(() => this.#backlog.settle(this.#settler)).immediate
    this.#synced = durability
    this.#unread = unsettledSegments(db, this.#segments)
    this.#end = endOf(this.#segments.newest())
    this.#mark = new HighWaterFile(highWater, this.#end, limits.markSyncCommitsMax)
  }

  /**
   * Writes commits, each after the one before, as one transaction.
   * @param place where the journal stands with the last of them, when it moves.
   * @throws SetupError `JournalFull` and others: nothing of them was written.
   */
  commit(packed: readonly PackedSegment[], place: JournalPlace | undefined): void {
    // Whoever asked does not know of this one yet: a pause must not go on with it.
    this.#isPause = false
    if (this.#unread === undefined) this.#makeRoom()
    const segments = this.#sealed(packed)
    this.#sync(this.#site.durability)
    this.#insert(segments, place)
    this.#end = endOf(segments.at(-1))
    if (this.#site.durability === 'full') this.#markEnd()
    this.#site.tell({ kind: 'committed', number: this.#end.number })
    try {
      // What is read on is read from the file, where they are all.
      const isRead = this.#unread === undefined
      for (const segment of segments) {
        if (isRead) this.#backlog.add(segment)
        else if (this.#unread !== undefined) this.#readOn()
        if (this.#unread === undefined) this.#keepUp()
      }
      if (this.#wal.isLong) this.#checkpoint()
    } catch (error) {
      this.#site.tell({ kind: 'failed', error })
    }
  }

  #sealed(packed: readonly PackedSegment[]): readonly Segment[] {
    let end = this.#end
    return packed.map(one => {
      const { number, position } = end
      if (one.number !== number + 1 || one.first !== position + 1)
        throw new Error(
          `commit ${one.number} begins at position ${one.first}: expected ${number + 1} at ${position + 1}`,
        )
      const segment = sealSegment(one, end.hash)
      end = endOf(segment)
      return segment
    })
  }

  /** Everything so far is to be settled, by `work` as there is time. */
  settle(): void {
    this.#isStalled = false
    this.#isPause = true
    if (this.#unread === undefined && !this.#backlog.isSettling) this.#begin()
  }

  /**
   * Does a slice of what is to be settled, a few milliseconds' worth. Answers whether there is more to do.
   * @throws SetupError `JournalFull` when there is no room for rows; they are left until someone asks again.
   */
  work(): boolean {
    if (this.#isStalled) return false
    if (this.#unread !== undefined) {
      this.#readOn()
      return true
    }
    if (this.#backlog.isSettling) {
      this.#isStalled = true
      this.#slice()
      this.#isStalled = false
      return true
    }
    if (!this.#isPause) return false
    if (!this.#backlog.isEmpty) {
      this.#begin()
      return true
    }
    this.#isPause = false
    this.#mark.sync()
    if (this.#wal.isWorthAPause) this.#checkpoint()
    return false
  }

  /** @throws SetupError */
  run(errand: Errand): number {
    if (errand.kind === 'prune' || errand.kind === 'forget') this.#settleAll()
    this.#sync(this.#site.durability)
    return this.#site.db.transaction(() => this.#do(errand)).immediate()
  }

  /** Settles what there is room for, empties the write-ahead log, and lets go of the mark. */
  close(): void {
    try {
      // Without room for rows the segments are still there, and whoever opens it next settles them.
      this.#asFarAsThereIsRoom(() => this.#settleAll())
      this.#checkpoint()
    } finally {
      this.#mark.close()
    }
  }

  #do(errand: Errand): number {
    switch (errand.kind) {
      case 'prune':
        return this.#forgetting.prune(errand.address, errand.seq)
      case 'forget':
        return this.#forgetting.forget(errand.address)
      case 'catch-up':
        return 0
      case 'fingerprint':
        return this.#fingerprints.record(errand.type, errand.version, errand.fingerprint)
    }
  }

  /** Full again before what was full is settled, in spite of its shares: whoever commits waits for the rest. */
  #makeRoom(): void {
    if (!this.#backlog.isFull) return
    while (this.#backlog.isSettling) this.#slice()
    this.#begin()
  }

  #keepUp(): void {
    this.#asFarAsThereIsRoom(() => {
      while (this.#backlog.isBehind) this.#slice()
    })
  }

  #settleAll(): void {
    while (this.#unread !== undefined) this.#readOn()
    while (!this.#backlog.isEmpty) {
      if (!this.#backlog.isSettling) this.#begin()
      while (this.#backlog.isSettling) this.#slice()
    }
  }

  /** Reads more than a commit adds: the end is reached. */
  #readOn(): void {
    for (let count = 0; count < SEGMENTS_READ_AT_ONCE; count++) {
      const { value, done } = this.#unread!.next()
      if (done === true) {
        this.#unread = undefined
        return
      }
      this.#backlog.add(value)
    }
  }

  #begin(): void {
    if (this.#backlog.isEmpty) return
    this.#backlog.begin()
    this.#site.tell({ kind: 'begun' })
  }

  #slice(): void {
    this.#sync('normal')
    const number = this.#backlog.settled(this.#settleSlice())
    if (number !== undefined) this.#site.tell({ kind: 'settled', number })
  }

  #asFarAsThereIsRoom(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!isJournalFull(translated(error, this.#site.journal))) throw error
    }
  }

  /** What the next transactions wait for. */
  #sync(durability: Durability): void {
    if (this.#synced === durability) return
    this.#site.db.pragma(`synchronous = ${durability}`)
    this.#synced = durability
  }

  #checkpoint(): void {
    if (this.#wal.empty()) this.#markEnd()
  }

  /** After this, a journal that does not reach as far is known to have lost something. */
  #markEnd(): void {
    try {
      this.#mark.write(this.#end)
    } catch (error) {
      // The commit is durable all the same; the mark lags, which is always safe.
      this.#site.tell({ kind: 'damaged', damage: { what: 'high-water', reason: String(error) } })
    }
  }
}
