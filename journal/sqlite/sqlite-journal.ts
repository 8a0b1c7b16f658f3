/**
 * The journal in one SQLite file: segments are the truth, rows are made from them in the background.
 *
 * A commit is one transaction, and one sync, that writes its segment; `append` resolves after it. Invariants:
 * the chain has no gap; rows are never newer than segments; the high-water mark is never ahead of what is on
 * the disk; a reader (`readOnly`) writes nothing and sees what was durable when it asked.
 */

import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { Commit, InboxPosition } from '../../actors/commit.js'
import { isJournalFull } from '../../actors/errors.js'
import type {
  ActorCount,
  BackedUp,
  DueActor,
  Journal,
  KeptLetter,
  ListedActor,
  ListQuery,
  LogPosition,
  StoredCommit,
  StoredRecord,
} from '../../actors/journal.js'
import { limits } from '../../actors/limits.js'
import type { ActorRecord } from '../../actors/record.js'
import { backupJournal, type CopyOptions } from '../backup/backup.js'
import { checkCommit } from '../commit-check.js'
import { EntryPage } from '../entry-page.js'
import { directoryBytes } from '../files/directory.js'
import type { HighWaterFile } from '../files/high-water.js'
import { type JournalPlace, nowhere, placeAfter } from '../journal-place.js'
import { byAddress, matches } from '../query.js'
import { unpackRecord } from '../segment/rows.js'
import {
  entryAt,
  entryBytes,
  entryCount,
  packSegment,
  pendingBytes,
  recordsIn,
  tailOf,
  unpackPending,
} from '../segment/segment.js'
import { SNAPSHOTS_KEPT } from '../snapshots.js'
import { actorCounts } from './actor-counts.js'
import { ActorTable } from './actor-table.js'
import { type Connection, translating } from './database.js'
import { Due } from './due.js'
import { FingerprintTable } from './fingerprint-table.js'
import { contentsOfCommit, type UnsettledActor } from './generation.js'
import { HistoryTable } from './history-table.js'
import { LetterTable } from './letter-table.js'
import { Letters } from './letters.js'
import { endOf, loadUnsettled, readSettled } from './load.js'
import type { OpenedFiles } from './open.js'
import { PlaceFact } from './place-fact.js'
import type { SegmentTable } from './segment-table.js'
import { Settler } from './settler.js'
import { type DueKind, Unsettled } from './unsettled.js'
import { WriteAheadLog } from './write-ahead-log.js'

export class SqliteJournal implements Journal {
  readonly #opened: OpenedFiles
  readonly #db: Connection
  readonly #segments: SegmentTable
  readonly #actors: ActorTable
  readonly #history: HistoryTable
  readonly #due: Due
  readonly #letterTable: LetterTable
  readonly #letters: Letters
  readonly #fingerprints: FingerprintTable
  readonly #wal: WriteAheadLog
  #settler: Settler | undefined
  #mark: HighWaterFile | undefined
  #unsettled: Unsettled
  #settledPending: Buffer | undefined
  #end: ReturnType<typeof endOf>
  #dataVersion: unknown
  readonly #placeFact: PlaceFact
  #place: JournalPlace = nowhere
  #isOpen = true

  /** Use `openJournal`, which checks first. */
  constructor(opened: OpenedFiles) {
    this.#opened = opened
    const { db, segments, files, limits } = opened
    this.#db = db
    this.#segments = segments
    this.#unsettled = new Unsettled(limits)
    db.function('hidden', { directOnly: true }, address => (this.#unsettled.has(address as string) ? 1 : 0))
    this.#actors = new ActorTable(db, files.journal, opened.onDamage)
    this.#history = new HistoryTable(db, segments)
    this.#due = new Due(db, () => this.#unsettled)
    this.#letterTable = new LetterTable(db)
    this.#letters = new Letters(this.#letterTable, () => this.#unsettled)
    this.#fingerprints = new FingerprintTable(db)
    this.#placeFact = new PlaceFact(db)
    this.#wal = new WriteAheadLog(db, files.journal, limits)
    if (!opened.readOnly) this.#settler = new Settler(db, this.#letterTable)
    this.#end = endOf(undefined)
    this.#load()
    this.#mark = opened.begin()
  }

  get position(): number {
    return this.#read(() => this.#end.position)
  }

  get wasKilled(): boolean {
    return this.#opened.wasKilled
  }

  async append(commit: Commit, at?: LogPosition): Promise<void> {
    this.#write((settler, mark) => {
      checkCommit(commit, this.#end.position, id => this.#letters.find(id) !== undefined)
      const segment = packSegment(this.#end.number + 1, this.#end.hash, commit)
      const place = placeAfter(this.#place, commit.taken, at)
      const progress = this.#db
        .transaction(() => {
          this.#segments.insert(segment)
          if (place !== this.#place) this.#placeFact.write(place)
          return this.#unsettled.settleShare(settler)
        })
        .immediate()
      this.#place = place
      this.#unsettled.commit(progress)
      if (progress === 'finished') this.#rowsChanged()
      this.#unsettled.add(segment, contentsOfCommit(segment, commit))
      this.#end = endOf(segment)
      if (this.#opened.durability === 'full') this.#markEnd(mark)
      if (this.#wal.isLong) this.#checkpoint(mark)
    })
  }

  pending(): readonly Command[] {
    return this.#read(() => {
      const bytes = this.#unsettled.newestSegment()
      if (bytes !== undefined) return unpackPending(pendingBytes(bytes.records))
      return this.#settledPending === undefined ? [] : unpackPending(this.#settledPending)
    })
  }

  taken(): readonly InboxPosition[] {
    return this.#read(() => this.#place.taken)
  }

  get logPosition(): LogPosition | undefined {
    return this.#read(() => this.#place.log)
  }

  read(address: Address): StoredRecord | undefined {
    return this.#read(() => {
      const actor = this.#unsettled.find(address)
      return actor === undefined ? this.#actors.read(address) : { record: unpackRecord(actor.record) }
    })
  }

  due(kind: DueKind, until: number, limit: number): readonly DueActor[] {
    return this.#read(() => this.#due.upTo(kind, until, limit))
  }

  nextDueAt(kind: DueKind): number | undefined {
    return this.#read(() => this.#due.earliest(kind))
  }

  owing(after: Address | undefined, limit: number): readonly Address[] {
    return this.#read(() => {
      const unsettled = this.#unsettledAfter(after)
        .filter(actor => actor.index.owes)
        .map(actor => actor.head.address)
      return [...unsettled, ...this.#actors.owing(after ?? '', limit)].sort().slice(0, limit)
    })
  }

  entries(address: Address, after: number, limit: number, bytesMax = limits.pageBytesMax) {
    return this.#read(() => {
      const page = new EntryPage(limit, bytesMax)
      const unsettled = this.#unsettled.entriesOf(address)
      this.#history.fill(page, address, after, unsettled[0]?.seq ?? Number.POSITIVE_INFINITY)
      for (const { seq, segment, index } of unsettled) {
        if (page.isFull) break
        if (seq > after) page.add(entryAt(segment.entries, index), entryBytes(segment.entries, index))
      }
      return page.entries
    })
  }

  recordAt(address: Address, seq: number): ActorRecord | undefined {
    return this.#read(() => {
      const actor = this.#unsettled.find(address)
      if (actor === undefined) return this.#actors.recordAt(address, seq)
      if (actor.head.seq <= seq) return unpackRecord(actor.record)
      const snapshots = this.#unsettled.snapshotsOf(address)
      const found = snapshots.findLast(kept => kept.seq <= seq)
      if (found !== undefined) return unpackRecord(found.record)
      return this.#actors.snapshotAt(address, seq, {
        before: snapshots[0]?.seq ?? Number.MAX_SAFE_INTEGER,
        newest: Math.max(0, SNAPSHOTS_KEPT - snapshots.length),
      })
    })
  }

  list(query: ListQuery): readonly ListedActor[] {
    return this.#read(() => {
      const unsettled = this.#unsettledAfter(query.after)
        .map(listed)
        .filter(actor => matches(query, actor))
      return [...unsettled, ...this.#actors.list(query)].sort(byAddress).slice(0, query.limit)
    })
  }

  count(query: Omit<ListQuery, 'after' | 'limit'>): number {
    return this.#read(() => {
      let count = this.#actors.count(query, !this.#unsettled.isEmpty)
      for (const actor of this.#unsettled.actors()) if (matches(query, listed(actor))) count++
      return count
    })
  }

  counts(): readonly ActorCount[] {
    return this.#read(() => actorCounts(this.#actors, this.#unsettled))
  }

  deadLetters(after: string | undefined, limit: number): readonly KeptLetter[] {
    return this.#read(() => this.#letters.page(after, limit))
  }

  deadLetter(id: string): KeptLetter | undefined {
    return this.#read(() => this.#letters.find(id))
  }

  countDeadLetters(): number {
    return this.#read(() => this.#letters.count())
  }

  *commits(after: number): IterableIterator<StoredCommit> {
    const segments = this.#segments.walk(after)
    for (;;) {
      const { value: segment, done } = this.#read(() => segments.next())
      if (done) return
      const { stub, entries, records } = segment
      if (entries === undefined) continue
      yield {
        first: stub.first,
        at: stub.at,
        entries: Array.from({ length: entryCount(entries) }, (_, index) => entryAt(entries, index)),
        ...tailOf(entries),
        records: records === undefined ? [] : recordsIn(records).map(({ bytes }) => unpackRecord(bytes)),
      }
    }
  }

  fingerprint(type: string, version: string, found: string): string {
    const before = this.#read(() => this.#fingerprints.find(type, version))
    if (before !== undefined || this.#settler === undefined) return before ?? found
    this.#write(() => this.#fingerprints.record(type, version, found))
    return found
  }

  prune(address: Address, seq: number): number {
    this.settle()
    return this.#write(() => this.#db.transaction(() => this.#history.prune(address, seq)).immediate())
  }

  ended(type: string, until: number, limit: number): readonly Address[] {
    this.settle()
    return this.#read(() => this.#actors.ended(type, until, limit))
  }

  forget(address: Address): void {
    this.settle()
    this.#write(() => {
      const forget = this.#db.transaction(() => {
        for (const one of this.#actors.family(address)) {
          this.#history.dropAll(one)
          this.#actors.drop(one)
        }
        this.#letterTable.deleteFamily(address)
      })
      forget.immediate()
      this.#rowsChanged()
    })
  }

  bytes(): number {
    return directoryBytes(this.#opened.files.directory)
  }

  /** Reads every commit that is kept and checks it against the chain; answers how many positions hold. */
  verifyChain(): number {
    let last = 0
    const segments = this.#segments.walkFrom(1)
    for (;;) {
      const { value, done } = this.#read(() => segments.next())
      if (done) return last
      last = value.stub.last
    }
  }

  unsettled() {
    return this.#read(() => this.#unsettled.load())
  }

  backup(directory: string, options?: CopyOptions): Promise<BackedUp> {
    if (!this.#isOpen) return Promise.reject(new Error(`${this.#opened.files.directory} is closed`))
    return backupJournal(this.#opened.files.directory, directory, options)
  }

  settle(): void {
    if (this.#settler === undefined) return
    this.#write((settler, mark) => {
      this.#settleAll(settler)
      mark.sync()
      if (this.#wal.isWorthAPause) this.#checkpoint(mark)
    })
  }

  close(): void {
    if (!this.#isOpen) return
    try {
      if (this.#settler !== undefined) this.#finish()
    } finally {
      this.#isOpen = false
      this.#opened.close()
    }
  }

  #finish(): void {
    try {
      this.#write((settler, mark) => {
        this.#settleAll(settler)
        this.#checkpoint(mark)
      })
    } catch (error) {
      // Without room for rows the segments are still there, and whoever opens it next settles them.
      if (!isJournalFull(error)) throw error
    }
  }

  #settleAll(settler: Settler): void {
    if (this.#unsettled.isEmpty) return
    // Settling only says again what segments say: losing it loses nothing, so it need not be synced.
    this.#db.pragma('synchronous = NORMAL')
    try {
      while (!this.#unsettled.isEmpty) {
        const progress = this.#db.transaction(() => this.#unsettled.settleWhole(settler)).immediate()
        this.#unsettled.commit(progress)
      }
    } finally {
      this.#db.pragma(`synchronous = ${this.#opened.durability}`)
      this.#rowsChanged()
    }
  }

  #checkpoint(mark: HighWaterFile): void {
    if (this.#wal.empty()) this.#markEnd(mark)
  }

  /** After this, a journal that does not reach as far is known to have lost something. */
  #markEnd(mark: HighWaterFile): void {
    try {
      mark.write(this.#end)
    } catch (error) {
      // The commit is durable all the same; the mark lags, which is always safe.
      this.#opened.onDamage({ what: 'high-water', reason: String(error) })
    }
  }

  #rowsChanged(): void {
    this.#due.reset()
    this.#settledPending = readSettled(this.#db).pending
  }

  #load(): void {
    this.#unsettled = new Unsettled(this.#opened.limits)
    this.#settledPending = loadUnsettled(this.#db, this.#segments, this.#unsettled)
    this.#end = endOf(this.#segments.newest())
    this.#place = this.#placeFact.read()
    this.#dataVersion = this.#db.pragma('data_version', { simple: true })
    this.#due.reset()
  }

  #unsettledAfter(after: Address | undefined): UnsettledActor[] {
    const actors = [...this.#unsettled.actors()]
    return after === undefined ? actors : actors.filter(actor => actor.head.address > after)
  }

  /** A reader sees one state of the file for the length of a question, and what was committed until then. */
  #read<T>(question: () => T): T {
    if (!this.#isOpen) throw new Error(`${this.#opened.files.directory} is closed`)
    return translating(this.#opened.files.journal, () => {
      if (this.#settler !== undefined) return question()
      return this.#db.transaction(() => {
        if (this.#db.pragma('data_version', { simple: true }) !== this.#dataVersion) this.#load()
        return question()
      })()
    })
  }

  #write<T>(work: (settler: Settler, mark: HighWaterFile) => T): T {
    const { files } = this.#opened
    const settler = this.#settler
    const mark = this.#mark
    if (!this.#isOpen) throw new Error(`${files.directory} is closed`)
    if (settler === undefined || mark === undefined)
      throw new Error(`${files.directory} is open for reading: nothing can be written`)
    return translating(files.journal, () => work(settler, mark))
  }
}

function listed({ head, index }: UnsettledActor): ListedActor {
  const { address, status, version, seq, at } = head
  return { address, value: index.value, tags: index.tags, status, version, seq, at }
}
