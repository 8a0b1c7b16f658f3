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
import type { StateAt } from '../../actors/logged-commit.js'
import { letterId } from '../letter-id.js'
import { isPatched, type RecordHead, stateIn, statePatched, wholeRecord } from '../segment/rows.js'
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

/** What commits that say only what changed of a state are made against, where it is not of this generation. */
export interface StatesBefore {
  /** The actor as the newest generation before this one has it. */
  older(address: Address): UnsettledActor | undefined
  settled(address: Address): StateAt | undefined
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
  /** Of states that are held besides: their commits have them only as what changed. */
  statesBytes = 0
  readonly #before: StatesBefore

  constructor(before: StatesBefore) {
    this.#before = before
  }

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
    const bytes = recordAt(segment.records, at)
    const state = isPatched(bytes) ? this.#stateOf(record, bytes, actor) : undefined
    if (state !== undefined) this.statesBytes += state.length
    if (actor === undefined) {
      actor = new UnsettledActor(this.segments, record, index, segment, at)
      this.actors.set(record.address, actor)
    } else {
      this.statesBytes -= actor.become(record, index, segment, at)
    }
    if (state !== undefined) actor.holdState(state)
    if (persistSnapshot) actor.keepSnapshot()
  }

  /** Undefined when what it was made against is damaged. */
  #stateOf(
    record: RecordContents['record'],
    bytes: Buffer,
    before: UnsettledActor | undefined,
  ): Uint8Array | undefined {
    if (record.state !== undefined) return record.state
    const base = (before ?? this.#before.older(record.address))?.stateAt
    const made = base && statePatched(bytes, base)
    if (made !== undefined) return made
    // A row may be ahead of the commits it is asked for: then it is of this one, or of one that is still to come.
    const row = this.#before.settled(record.address)
    if (row === undefined) return undefined
    return row.seq === record.seq ? row.state : statePatched(bytes, row)
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
  /** Its state, where its record says only what changed. */
  #state: Uint8Array | undefined

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

  /** Answers how many bytes of a state it held, and lets go of. */
  become(record: RecordHead, index: RecordIndex, segment: PackedSegment, at: number): number {
    this.version = record.version
    this.seq = record.seq
    this.position = record.position
    this.at = record.at
    this.status = record.status
    this.index = index
    this.#segment = segment
    this.#recordAt = at
    const held = this.#state?.length ?? 0
    this.#state = undefined
    return held
  }

  holdState(state: Uint8Array): void {
    this.#state = state
  }

  addEntry(seq: number, segment: number, index: number): void {
    this.#places.push(seq, segment, index)
  }

  keepSnapshot(): void {
    // Never patched: it stands alone.
    this.snapshots = keptSnapshots([...this.snapshots, { seq: this.seq, record: this.#bytes }])
  }

  /** Its record's bytes, whole; undefined when they say only what changed of a state that is damaged. */
  get record(): Buffer | undefined {
    const bytes = this.#bytes
    if (!isPatched(bytes)) return bytes
    return this.#state && wholeRecord(bytes, this.#state)
  }

  /** Its state; undefined when it is not to be had. */
  get stateAt(): StateAt | undefined {
    const { seq } = this
    const bytes = this.#bytes
    if (!isPatched(bytes)) return { seq, state: stateIn(bytes) }
    return this.#state && { seq, state: this.#state }
  }

  get #bytes(): Buffer {
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
