/**
 * Segments that are durable and not yet settled into rows, and per actor what the last of them says. The
 * newest record of an actor hides the ones before: that is what makes settling cheaper than a row a command.
 *
 * The writer has its own, to settle from, and who reads has one that hides rows: the same segments make the same.
 *
 * Invariants: bytes held are bounded by the limits on unsettled segments; an actor found here is no older than
 * its row; dropping a generation loses nothing, it is made again from the segments.
 */
import type { Address } from '../../actors/address.js'
import type { RecordIndex } from '../../actors/commit.js'
import type { KeptLetter } from '../../actors/journal.js'
import { letterId } from '../letter-id.js'
import type { RecordHead } from '../segment/rows.js'
import {
  type PackedSegment,
  type RecordContents,
  recordAt,
  type SegmentContents,
} from '../segment/segment.js'
import { keptSnapshots } from '../snapshots.js'

export interface EntryPlace {
  readonly segment: PackedSegment
  readonly index: number
  readonly seq: number
}

export interface KeptRecord {
  readonly seq: number
  readonly record: Buffer
}

export class Generation {
  readonly segments: PackedSegment[] = []
  readonly actors = new Map<Address, UnsettledActor>()
  /** By id, in the order in which they came. */
  readonly deadLetters = new Map<string, KeptLetter>()
  /** Ids of letters, of this generation or before it, that are gone. */
  readonly settledLetters = new Set<string>()
  bytes = 0

  add(segment: PackedSegment, { entries, records, deadLetters, settledLetters }: SegmentContents): void {
    const ordinal = this.segments.push(segment) - 1
    this.bytes += segment.entries.length + segment.records.length
    deadLetters.forEach((letter, at) => {
      const id = letterId({ commit: segment.number, ordinal: at })
      this.deadLetters.set(id, { ...letter, id })
    })
    for (const { id } of settledLetters) this.settledLetters.add(id)
    for (let at = 0; at < records.length; at++) this.#addRecord(records[at]!, segment, at)
    for (let at = 0; at < entries.length; at++) {
      const { address, seq } = entries[at]!
      this.actors.get(address)?.addEntry(seq, ordinal, at)
    }
  }

  #addRecord({ record, index, persistSnapshot }: RecordContents, segment: PackedSegment, at: number): void {
    let actor = this.actors.get(record.address)
    if (actor === undefined) {
      actor = new UnsettledActor(this.segments, record, index, segment, at)
      this.actors.set(record.address, actor)
    } else actor.become(record, index, segment, at)
    if (persistSnapshot) actor.keepSnapshot()
  }
}

/**
 * An actor as its last commit left it, and where its entries are. There are as many of these as anything in memory, and
 * they live long: nothing is made for a commit but numbers, and what can be read off the segment is not held besides.
 */
export class UnsettledActor implements RecordHead {
  readonly address: Address
  version: string
  seq: number
  position: number
  at: number
  status: RecordHead['status']
  index: RecordIndex
  /** Those that are to be kept, oldest first. */
  snapshots: readonly KeptRecord[] = []
  readonly #segments: readonly PackedSegment[]
  /** Of each entry its seq, the ordinal of its segment here, and its index in that. */
  readonly #places: number[] = []
  #segment: PackedSegment
  #recordAt: number

  constructor(
    segments: readonly PackedSegment[],
    record: RecordHead,
    index: RecordIndex,
    segment: PackedSegment,
    at: number,
  ) {
    this.address = record.address
    this.version = record.version
    this.seq = record.seq
    this.position = record.position
    this.at = record.at
    this.status = record.status
    this.index = index
    this.#segments = segments
    this.#segment = segment
    this.#recordAt = at
  }

  become(record: RecordHead, index: RecordIndex, segment: PackedSegment, at: number): void {
    this.version = record.version
    this.seq = record.seq
    this.position = record.position
    this.at = record.at
    this.status = record.status
    this.index = index
    this.#segment = segment
    this.#recordAt = at
  }

  addEntry(seq: number, segment: number, index: number): void {
    this.#places.push(seq, segment, index)
  }

  keepSnapshot(): void {
    this.snapshots = keptSnapshots([...this.snapshots, { seq: this.seq, record: this.record }])
  }

  /** Its record's bytes. */
  get record(): Buffer {
    return recordAt(this.#segment.records, this.#recordAt)
  }

  get entryCount(): number {
    return this.#places.length / NUMBERS_A_PLACE
  }

  /** Its entries here, oldest first, from one on. */
  entries(from = 0, to = this.entryCount): EntryPlace[] {
    const places: EntryPlace[] = []
    const end = Math.min(to, this.entryCount) * NUMBERS_A_PLACE
    for (let at = from * NUMBERS_A_PLACE; at < end; at += NUMBERS_A_PLACE) {
      const segment = this.#segments[this.#places[at + 1]!]!
      places.push({ seq: this.#places[at]!, segment, index: this.#places[at + 2]! })
    }
    return places
  }
}

const NUMBERS_A_PLACE = 3
