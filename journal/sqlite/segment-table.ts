/**
 * The commits on disk: written, found by position, walked in order. Whatever is read here is verified
 * against its hash first.
 *
 * In a journal that began with an image the chain begins with the last commit that the image had settled: of that one
 * there is the hash, and of those before it nothing.
 */
import { SetupError } from '../../actors/errors.js'
import { chainHash, chainStart, type Segment, type SegmentStub, sha256 } from '../segment/segment.js'
import type { Connection, Statement } from './database.js'
import { readImageBase } from './image-base.js'

/** Segments whose entries are kept at hand: reading a history goes through few of them again and again. */
const ENTRIES_CACHED_MAX = 8
const COLUMNS = 'number, first, last, at, entries_hash AS entriesHash, records_hash AS recordsHash, hash'

/** A segment as far as it is kept: entries until they are pruned, records until they are settled. */
export interface KeptSegment {
  readonly stub: SegmentStub
  readonly entries: Buffer | undefined
  readonly records: Buffer | undefined
}

export class SegmentTable {
  readonly #file: string
  readonly #insert: readonly [Statement, Statement, Statement]
  readonly #byNumber: Statement
  readonly #byPosition: Statement
  readonly #newest: Statement
  readonly #firstReaching: Statement
  readonly #entries: Statement
  readonly #records: Statement
  /** Number of the commit that the chain begins after. */
  readonly #base: number
  #cache = new Map<number, Buffer>()

  constructor(db: Connection, file: string) {
    this.#file = file
    this.#base = readImageBase(db)
    this.#insert = [
      db.prepare('INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
      db.prepare('INSERT INTO segment_entries VALUES (?, ?)'),
      db.prepare('INSERT INTO segment_records VALUES (?, ?)'),
    ]
    this.#byNumber = db.prepare(`SELECT ${COLUMNS} FROM segment WHERE number = ?`)
    this.#byPosition = db.prepare(
      `SELECT ${COLUMNS} FROM segment WHERE last >= ? ORDER BY last, number LIMIT 1`,
    )
    this.#newest = db.prepare(`SELECT ${COLUMNS} FROM segment ORDER BY number DESC LIMIT 1`)
    this.#firstReaching = db
      .prepare('SELECT number FROM segment WHERE last >= ? ORDER BY last, number LIMIT 1')
      .pluck()
    this.#entries = db.prepare('SELECT bytes FROM segment_entries WHERE number = ?').pluck()
    this.#records = db.prepare('SELECT bytes FROM segment_records WHERE number = ?').pluck()
  }

  insert(segment: Segment): void {
    const { number, first, last, at, entriesHash, recordsHash, hash } = segment
    const [row, entries, records] = this.#insert
    row.run(number, first, last, at, last - first + 1, entriesHash, recordsHash, hash)
    entries.run(number, segment.entries)
    records.run(number, segment.records)
  }

  stub(number: number): SegmentStub | undefined {
    return this.#byNumber.get(number) as SegmentStub | undefined
  }

  /** The commit that the chain begins after, when it does not begin with the first. */
  base(): SegmentStub | undefined {
    return this.#base === 0 ? undefined : this.stub(this.#base)
  }

  newest(): SegmentStub | undefined {
    return this.#newest.get() as SegmentStub | undefined
  }

  /** The segment an entry is in; undefined past the end. */
  at(position: number): SegmentStub | undefined {
    return this.#byPosition.get(position) as SegmentStub | undefined
  }

  /** Verified entry bytes; undefined when they are pruned. */
  entries(stub: SegmentStub): Buffer | undefined {
    const cached = this.#cache.get(stub.number)
    if (cached !== undefined) return cached
    const bytes = this.#readEntries(stub)
    if (bytes === undefined) return undefined
    if (this.#cache.size >= ENTRIES_CACHED_MAX) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest)
        break
      }
    }
    this.#cache.set(stub.number, bytes)
    return bytes
  }

  /** Entries were pruned: what is kept at hand may be of those. */
  forgetCached(): void {
    this.#cache.clear()
  }

  /** Segments that reach past the position `after`, in order, each verified against the chain. */
  *walk(after: number): IterableIterator<KeptSegment> {
    const start = this.#firstReaching.get(after) as number | undefined
    if (start === undefined) return
    for (const segment of this.walkFrom(start))
      if (segment.stub.first > after || segment.stub.last > after) yield segment
  }

  /**
   * Segments from a number on, in order, as far back as the chain goes.
   * @throws SetupError `JournalCorrupt` naming the positions at the first that does not hold.
   */
  *walkFrom(from: number): IterableIterator<KeptSegment> {
    const start = Math.max(from, this.#base + 1)
    let before = start === 1 ? chainStart : this.stub(start - 1)?.hash
    for (let number = start; ; number++) {
      const stub = this.stub(number)
      if (stub === undefined) {
        const newest = this.newest()
        if (newest === undefined || newest.number < number) return
        throw this.corrupt(newest, `segment ${number} before it is gone`)
      }
      if (before === undefined) throw this.corrupt(stub, 'the segment before it is gone')
      if (!chainHash(before, stub).equals(stub.hash))
        throw this.corrupt(stub, 'its hash does not follow from the commit before')
      before = stub.hash
      yield { stub, entries: this.#readEntries(stub), records: this.#readRecords(stub) }
    }
  }

  #readEntries(stub: SegmentStub): Buffer | undefined {
    const bytes = this.#entries.get(stub.number) as Buffer | undefined
    if (bytes !== undefined && !sha256(bytes).equals(stub.entriesHash))
      throw this.corrupt(stub, 'its entries do not match their hash')
    return bytes
  }

  #readRecords(stub: SegmentStub): Buffer | undefined {
    const bytes = this.#records.get(stub.number) as Buffer | undefined
    if (bytes !== undefined && !sha256(bytes).equals(stub.recordsHash))
      throw this.corrupt(stub, 'its records do not match their hash')
    return bytes
  }

  /** What is thrown when the bytes of a segment are not those that were committed. */
  corrupt({ number, first, last }: SegmentStub, reason: string): SetupError {
    return new SetupError(
      'JournalCorrupt',
      `${this.#file}: the commit of positions ${first} to ${last} is damaged: ${reason}`,
      { file: this.#file, segment: number, from: first, to: last, reason },
    )
  }
}
