/**
 * The journal in one SQLite file: segments are the truth, rows are made from them in the background.
 *
 * A commit is one transaction, and one sync, that writes its segment; `append` resolves after it. Invariants:
 * the chain has no gap; rows are never newer than segments; the high-water mark is never ahead of what is on
 * the disk; a reader (`readOnly`) writes nothing and sees what was durable when it asked.
 */

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Address } from '../../actors/address.js'
import { decode } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { Commit, DeadLetter, JournalEntry } from '../../actors/commit.js'
import { isJournalFull } from '../../actors/errors.js'
import type {
  DueActor,
  Journal,
  ListedActor,
  ListQuery,
  StoredCommit,
  StoredRecord,
} from '../../actors/journal.js'
import type { ActorRecord } from '../../actors/record.js'
import { checkCommit } from '../commit-check.js'
import type { HighWaterFile } from '../files/high-water.js'
import { byAddress, matches } from '../query.js'
import { deadLetterRow, unpackRecord } from '../segment/rows.js'
import {
  entryAt,
  entryCount,
  packSegment,
  pendingBytes,
  publishedAndDead,
  recordsIn,
  unpackPending,
} from '../segment/segment.js'
import { SNAPSHOTS_KEPT } from '../snapshots.js'
import { ActorTable } from './actor-table.js'
import { type Connection, checkpoint, type Statement, translating } from './database.js'
import { isBefore } from './due-heap.js'
import { DueTable } from './due-table.js'
import { contentsOfCommit, type UnsettledActor } from './generation.js'
import { HistoryTable } from './history-table.js'
import { endOf, loadUnsettled, readSettled } from './load.js'
import type { OpenedFiles } from './open.js'
import type { SegmentTable } from './segment-table.js'
import { Settler } from './settler.js'
import { type DueKind, Unsettled } from './unsettled.js'

export class SqliteJournal implements Journal {
  readonly #opened: OpenedFiles
  readonly #db: Connection
  readonly #segments: SegmentTable
  readonly #actors: ActorTable
  readonly #history: HistoryTable
  readonly #dueTables: Record<DueKind, DueTable>
  readonly #deadLetters: Statement
  #settler: Settler | undefined
  #mark: HighWaterFile | undefined
  #unsettled: Unsettled
  #settledPending: Buffer | undefined
  #end: ReturnType<typeof endOf>
  #dataVersion: unknown
  #checkpointAtBytes: number
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
    this.#dueTables = {
      timer: new DueTable(db, 'timer', address => this.#unsettled.has(address)),
      retry: new DueTable(db, 'retry', address => this.#unsettled.has(address)),
    }
    this.#deadLetters = db
      .prepare('SELECT bytes FROM dead_letter WHERE position > ? ORDER BY position, id LIMIT ?')
      .pluck()
    if (!opened.readOnly) this.#settler = new Settler(db)
    this.#checkpointAtBytes = limits.walBytesMax
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

  async append(commit: Commit): Promise<void> {
    this.#write((settler, mark) => {
      checkCommit(commit, this.#end.position)
      const segment = packSegment(this.#end.number + 1, this.#end.hash, commit)
      const progress = this.#db
        .transaction(() => {
          this.#segments.insert(segment)
          return this.#unsettled.settleShare(settler)
        })
        .immediate()
      this.#unsettled.commit(progress)
      if (progress === 'finished') this.#rowsChanged()
      this.#unsettled.add(segment, contentsOfCommit(segment, commit))
      this.#end = endOf(segment)
      if (this.#opened.durability === 'full') this.#markEnd(mark)
      if (this.#walBytes() >= this.#checkpointAtBytes) this.#checkpoint(mark)
    })
  }

  pending(): readonly Command[] {
    return this.#read(() => {
      const bytes = this.#unsettled.newestSegment()
      if (bytes !== undefined) return unpackPending(pendingBytes(bytes.records))
      return this.#settledPending === undefined ? [] : unpackPending(this.#settledPending)
    })
  }

  read(address: Address): StoredRecord | undefined {
    return this.#read(() => {
      const actor = this.#unsettled.find(address)
      return actor === undefined ? this.#actors.read(address) : { record: unpackRecord(actor.record) }
    })
  }

  due(kind: DueKind, until: number, limit: number): readonly DueActor[] {
    return this.#read(() =>
      [...this.#unsettled.due(kind, until, limit), ...this.#dueTables[kind].upTo(until, limit)]
        .sort((a, b) => (isBefore(a, b) ? -1 : 1))
        .slice(0, limit),
    )
  }

  nextDueAt(kind: DueKind): number | undefined {
    return this.#read(() => {
      const unsettled = this.#unsettled.earliestDue(kind)?.dueAt
      const settled = this.#dueTables[kind].earliest()?.dueAt
      return unsettled === undefined || (settled !== undefined && settled < unsettled) ? settled : unsettled
    })
  }

  owing(after: Address | undefined, limit: number): readonly Address[] {
    return this.#read(() => {
      const unsettled = this.#unsettledAfter(after)
        .filter(actor => actor.index.owes)
        .map(actor => actor.head.address)
      return [...unsettled, ...this.#actors.owing(after ?? '', limit)].sort().slice(0, limit)
    })
  }

  entries(address: Address, after: number, limit: number): readonly JournalEntry[] {
    return this.#read(() => {
      const unsettled = this.#unsettled.entriesOf(address)
      const before = unsettled[0]?.seq ?? Number.POSITIVE_INFINITY
      const settled = this.#history.entries(address, after, before, limit)
      const newer = unsettled.filter(place => place.seq > after).slice(0, limit - settled.length)
      return [...settled, ...newer.map(({ segment, index }) => entryAt(segment.entries, index))]
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

  deadLetters(after: number, limit: number): readonly DeadLetter[] {
    return this.#read(() => {
      const settled = (this.#deadLetters.all(after, limit) as Buffer[]).map(bytes =>
        deadLetterRow.unpack(decode(bytes) as unknown[]),
      )
      const unsettled = this.#unsettled.deadLetters().filter(letter => letter.position > after)
      return [...settled, ...unsettled].slice(0, limit)
    })
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
        ...publishedAndDead(entries),
        records: records === undefined ? [] : recordsIn(records).map(({ bytes }) => unpackRecord(bytes)),
      }
    }
  }

  fingerprint(type: string, version: string, found: string): string {
    const recorded = () =>
      this.#db
        .prepare('SELECT fingerprint FROM fingerprint WHERE type = ? AND version = ?')
        .pluck()
        .get(type, version)
    const before = this.#read(recorded) as string | undefined
    if (before !== undefined || this.#settler === undefined) return before ?? found
    return this.#write(() => {
      this.#db.prepare('INSERT INTO fingerprint VALUES (?, ?, ?)').run(type, version, found)
      return found
    })
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
      })
      forget.immediate()
      this.#rowsChanged()
    })
  }

  bytes(): number {
    const { directory } = this.#opened.files
    return readdirSync(directory).reduce((sum, name) => sum + sizeOf(join(directory, name)), 0)
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

  settle(): void {
    if (this.#settler === undefined) return
    this.#write((settler, mark) => {
      this.#settleAll(settler)
      mark.sync()
      if (this.#walBytes() >= this.#opened.limits.walPauseBytesMax) this.#checkpoint(mark)
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
    if (checkpoint(this.#db)) this.#markEnd(mark)
    // A reader may have kept some of it: the next attempt is due once as much has come again.
    this.#checkpointAtBytes = this.#walBytes() + this.#opened.limits.walBytesMax
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
    this.#dueTables.timer.reset()
    this.#dueTables.retry.reset()
    this.#settledPending = readSettled(this.#db).pending
  }

  #load(): void {
    this.#unsettled = new Unsettled(this.#opened.limits)
    this.#settledPending = loadUnsettled(this.#db, this.#segments, this.#unsettled)
    this.#end = endOf(this.#segments.newest())
    this.#dataVersion = this.#db.pragma('data_version', { simple: true })
    this.#dueTables.timer.reset()
    this.#dueTables.retry.reset()
  }

  #unsettledAfter(after: Address | undefined): UnsettledActor[] {
    const actors = [...this.#unsettled.actors()]
    return after === undefined ? actors : actors.filter(actor => actor.head.address > after)
  }

  #walBytes(): number {
    return sizeOf(`${this.#opened.files.journal}-wal`)
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

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
