/**
 * The journal in one SQLite file: segments are the truth, rows are made from them in the background.
 *
 * A commit is one transaction, and one sync, that writes its segment; `append` resolves after it. The writing is
 * done in writer/, here or in a thread of its own; this class asks for it, hears how it went, and answers.
 *
 * Invariants: while a commit is on its way every answer is as of the one before; what is in rows already and not
 * known to be is hidden by what is unsettled here; a reader (`readOnly`) writes nothing and sees what was durable
 * when it asked.
 */

import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { Commit, InboxPosition, Loss } from '../../actors/commit.js'
import type {
  ActorCount,
  BackedUp,
  DueActor,
  Journal,
  KeptLetter,
  ListedActor,
  ListQuery,
  LogPosition,
  OwingCursor,
  StoredCommit,
  StoredRecord,
} from '../../actors/journal.js'
import { limits } from '../../actors/limits.js'
import type { ActorRecord } from '../../actors/record.js'
import { backupJournal, type CopyOptions } from '../backup/backup.js'
import { checkCommit } from '../commit-check.js'
import { directoryBytes } from '../files/directory.js'
import type { HighWaterMark } from '../files/high-water.js'
import { type JournalPlace, nowhere, placeAfter } from '../journal-place.js'
import { contentsOf, packSegment, pendingBytes, unpackPending } from '../segment/segment.js'
import { ActorTable } from './actor-table.js'
import type { CommitFlight, MadeCommit } from './commit-flight.js'
import { CopyLag } from './copy-lag.js'
import { type Connection, translating } from './database.js'
import { Due } from './due.js'
import { FingerprintTable } from './fingerprint-table.js'
import { HistoryTable } from './history-table.js'
import { keptCommits } from './kept-commits.js'
import { LetterTable } from './letter-table.js'
import { Letters } from './letters.js'
import { Lists } from './lists.js'
import { endOf, readSettled, unsettledSegments } from './load.js'
import type { OpenedFiles } from './open.js'
import { OwingActors } from './owing-actors.js'
import { PlaceFact } from './place-fact.js'
import { Records } from './records.js'
import type { SegmentTable } from './segment-table.js'
import { SettledStates } from './settled-states.js'
import { type DueKind, Unsettled } from './unsettled.js'
import type { Errand, Report, Writing } from './writer/orders.js'

export class SqliteJournal implements Journal {
  readonly #opened: OpenedFiles
  readonly #db: Connection
  readonly #segments: SegmentTable
  readonly #actors: ActorTable
  readonly #records: Records
  readonly #history: HistoryTable
  readonly #due: Due
  readonly #lists: Lists
  readonly #letters: Letters
  readonly #fingerprints: FingerprintTable
  readonly #placeFact: PlaceFact
  readonly #writing: Writing | undefined
  readonly #states: SettledStates
  #unsettled: Unsettled
  #end: Omit<HighWaterMark, 'hash'> = endOf(undefined)
  #flight: CommitFlight | undefined
  readonly #lag: CopyLag
  /** Why nothing can be written any more. */
  #failure: unknown
  #dataVersion: unknown
  #place: JournalPlace = nowhere
  #isOpen = true
  readonly historyFrom: number

  /** Use `openJournal`, which checks first. */
  constructor(opened: OpenedFiles) {
    this.#opened = opened
    const { db, files } = opened
    this.#db = db
    this.#segments = opened.segments
    this.historyFrom = (opened.segments.base()?.last ?? 0) + 1
    db.function('hidden', { directOnly: true }, address => (this.#unsettled.has(address as string) ? 1 : 0))
    this.#actors = new ActorTable(db, files.journal, opened.onDamage)
    this.#states = new SettledStates(db)
    this.#records = new Records(this.#actors, this.#states, () => this.#unsettled)
    this.#history = new HistoryTable(db, this.#segments, () => this.#unsettled)
    this.#due = new Due(db, () => this.#unsettled)
    this.#lists = new Lists(this.#actors, () => this.#unsettled)
    this.#letters = new Letters(new LetterTable(db), () => this.#unsettled)
    this.#fingerprints = new FingerprintTable(db)
    this.#placeFact = new PlaceFact(db)
    this.#lag = new CopyLag(opened.limits)
    this.#unsettled = new Unsettled(this.#states)
    // Of one state of the file: beside a reader that opens, a writer may be at work.
    db.transaction(() => this.#load())()
    this.#writing = opened.begin(report => this.#hear(report))
  }

  get position(): number {
    return this.#read(() => this.#end.position)
  }

  get wasKilled(): boolean {
    return this.#opened.wasKilled
  }

  append(commit: Commit, at?: LogPosition): Promise<void> {
    if (at !== undefined && this.#opened.isCopy) return this.#copy(commit, at)
    return new Promise((landed, lost) => {
      if (this.#flight !== undefined)
        throw new Error(
          `a commit begins at position ${commit.first} while that at ${this.#flight.segment.first} is on its way`,
        )
      const writing = this.#writer()
      const made = this.#made(commit, at)
      this.#flight = { ...made, landed, lost }
      try {
        writing.commit(made.segment, made.place === this.#place ? undefined : made.place, false)
      } catch (error) {
        this.#flight = undefined
        throw error
      }
    })
  }

  /** Known at once: the log has it. It is written soon, and read again from there when the process ends before. */
  async #copy(commit: Commit, at: LogPosition): Promise<void> {
    const writing = this.#writer()
    if (this.#lag.isLong && this.#failure === undefined) {
      writing.write()
      await this.#lag.shorter()
    }
    const made = this.#made(commit, at)
    writing.commit(made.segment, made.place, true)
    this.#lag.sent(made.segment)
    this.#know(made)
  }

  #made(commit: Commit, at: LogPosition | undefined): MadeCommit {
    if (this.#failure !== undefined) throw this.#failure
    checkCommit(commit, this.#end.position, id => this.#letters.find(id) !== undefined)
    const before = (address: Address) => this.#unsettled.find(address)?.stateAt
    const segment = packSegment(this.#end.number + 1, commit, before)
    return { segment, commit, place: placeAfter(this.#place, commit, at) }
  }

  pending(): readonly Command[] {
    return this.#read(() => {
      const newest = this.#unsettled.newestSegment()
      const bytes = newest === undefined ? readSettled(this.#db).pending : pendingBytes(newest.records)
      return bytes === undefined ? [] : unpackPending(bytes)
    })
  }

  taken(): readonly InboxPosition[] {
    return this.#read(() => this.#place.taken)
  }

  losses(): readonly Loss[] {
    return this.#read(() => this.#place.losses)
  }

  get logPosition(): LogPosition | undefined {
    return this.#read(() => this.#place.log)
  }

  read(address: Address): StoredRecord | undefined {
    return this.#read(() => this.#records.read(address))
  }

  stateOf(address: Address) {
    return this.#read(() => this.#records.stateOf(address))
  }

  due(kind: DueKind, until: number, limit: number): readonly DueActor[] {
    return this.#read(() => this.#due.upTo(kind, until, limit))
  }

  nextDueAt(kind: DueKind): number | undefined {
    return this.#read(() => this.#due.earliest(kind))
  }

  owing(): OwingCursor {
    const cursor = this.#read(() => new OwingActors(this.#actors, this.#records, () => this.#unsettled))
    return { next: limit => this.#readAsOne(() => cursor.next(limit)) }
  }

  entries(address: Address, after: number, limit: number, bytesMax = limits.pageBytesMax) {
    return this.#read(() => this.#history.entries(address, after, limit, bytesMax))
  }

  recordAt(address: Address, seq: number): ActorRecord | undefined {
    return this.#read(() => this.#records.recordAt(address, seq))
  }

  list(query: ListQuery): readonly ListedActor[] {
    return this.#read(() => this.#lists.page(query))
  }

  count(query: Omit<ListQuery, 'after' | 'limit'>): number {
    return this.#read(() => this.#lists.count(query))
  }

  counts(): readonly ActorCount[] {
    return this.#readAsOne(() => this.#lists.counts())
  }

  deadLetters(after: string | undefined, limit: number): readonly KeptLetter[] {
    return this.#read(() => this.#letters.page(after, limit))
  }

  deadLetter(id: string): KeptLetter | undefined {
    return this.#read(() => this.#letters.find(id))
  }

  countDeadLetters(): number {
    return this.#readAsOne(() => this.#letters.count())
  }

  *commits(after: number): IterableIterator<StoredCommit> {
    this.flush()
    const segments = this.#segments.walk(after)
    yield* keptCommits(() => {
      const { value, done } = this.#read(() => segments.next())
      // One that is on its way is there for all others, and not yet for who waits for it.
      const isOnItsWay = this.#writing !== undefined && value?.stub.number > this.#end.number
      return done || isOnItsWay ? undefined : value
    })
  }

  fingerprint(type: string, version: string, found: string): string {
    const before = this.#read(() => this.#fingerprints.find(type, version))
    if (before !== undefined || this.#writing === undefined) return before ?? found
    this.#run({ kind: 'fingerprint', type, version, fingerprint: found })
    return found
  }

  prune(address: Address, seq: number): number {
    return this.#run({ kind: 'prune', address, seq })
  }

  ended(type: string, until: number, limit: number): readonly Address[] {
    return this.#read(() => this.#lists.ended(type, until, limit))
  }

  forget(address: Address): void {
    this.#run({ kind: 'forget', address })
  }

  bytes(): number {
    return directoryBytes(this.#opened.files.directory)
  }

  /** Reads every commit that is kept and checks it against the chain; answers how many positions hold. */
  verifyChain(): number {
    let last = this.#segments.base()?.last ?? 0
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
    // With a commit on its way there is no pause.
    if (this.#writing !== undefined && this.#flight === undefined) this.#writer().settle()
  }

  flush(): void {
    if (!this.#lag.isNone && this.#failure === undefined) this.#run({ kind: 'catch-up' })
  }

  close(): void {
    if (!this.#isOpen) return
    try {
      if (this.#writing === undefined) this.#opened.close()
      else this.#writing.close(() => this.#opened.close())
    } finally {
      this.#isOpen = false
      this.#lose(new Error(`${this.#opened.files.directory} was closed`))
    }
  }

  /** What the writer tells, in the order in which it happened. */
  #hear(report: Report): void {
    switch (report.kind) {
      case 'committed':
        this.#lag.written(report.number)
        return this.#land()
      case 'refused':
        this.#failure ??= this.#lag.refused(report.error)
        return this.#lose(report.error)
      case 'begun':
        return this.#unsettled.close()
      case 'settled':
        this.#unsettled.drop(report.number)
        this.#due.reset()
        return
      case 'damaged':
        return this.#opened.onDamage(report.damage)
      case 'failed':
        this.#failure ??= report.error
        return this.#lose(report.error)
    }
  }

  #land(): void {
    const flight = this.#flight
    if (flight === undefined) return
    this.#flight = undefined
    this.#know(flight)
    flight.landed()
  }

  #know({ segment, commit, place }: MadeCommit): void {
    this.#unsettled.add(segment, commit)
    this.#end = { number: segment.number, position: segment.last }
    this.#place = place
  }

  #lose(error: unknown): void {
    const flight = this.#flight
    this.#flight = undefined
    flight?.lost(error)
    this.#lag.lost(error)
  }

  #run(errand: Errand): number {
    const writing = this.#writer()
    if (this.#failure !== undefined) throw this.#failure
    try {
      return writing.run(errand)
    } finally {
      this.#due.reset()
      this.#segments.forgetCached()
    }
  }

  #load(): void {
    this.#unsettled = new Unsettled(this.#states)
    for (const segment of unsettledSegments(this.#db, this.#segments))
      this.#unsettled.add(segment, contentsOf(segment))
    this.#end = endOf(this.#segments.newest())
    this.#place = this.#placeFact.read()
    this.#dataVersion = this.#db.pragma('data_version', { simple: true })
    this.#due.reset()
  }

  /**
   * A reader sees one state of the file for the length of a question, and what was committed until then. Beside a
   * writer rows only ever change for actors that are hidden: most questions need no state of their own.
   */
  #read<T>(question: () => T): T {
    this.#assertOpen()
    if (this.#writing === undefined) return this.#readAsOne(question)
    return translating(this.#opened.files.journal, question)
  }

  /** Of one state of the file, for questions that go there more than once. */
  #readAsOne<T>(question: () => T): T {
    this.#assertOpen()
    return translating(this.#opened.files.journal, () =>
      this.#db.transaction(() => {
        const isReader = this.#writing === undefined
        if (isReader && this.#db.pragma('data_version', { simple: true }) !== this.#dataVersion) this.#load()
        return question()
      })(),
    )
  }

  #writer(): Writing {
    this.#assertOpen()
    if (this.#writing === undefined)
      throw new Error(`${this.#opened.files.directory} is open for reading: nothing can be written`)
    return this.#writing
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new Error(`${this.#opened.files.directory} is closed`)
  }
}
