/**
 * Segments that are durable and not yet settled into rows, and per actor what the last of them says. The
 * newest record of an actor hides the ones before: that is what makes settling cheaper than a row a command.
 *
 * Invariants: bytes held are bounded by the limits on unsettled segments; an actor found here is newer than
 * its row; dropping a generation loses nothing, it is made again from the segments.
 */
import type { Address } from '../../actors/address.js'
import type { Commit, RecordIndex } from '../../actors/commit.js'
import type { KeptLetter } from '../../actors/journal.js'
import type { ActorRecord } from '../../actors/record.js'
import { letterId } from '../letter-id.js'
import { unpackRecord } from '../segment/rows.js'
import {
  entryAt,
  entryCount,
  recordAt,
  recordsIn,
  type Segment,
  type SegmentRecord,
  type SegmentTail,
  tailOf,
} from '../segment/segment.js'
import { keptSnapshots } from '../snapshots.js'
import { DueHeap } from './due-heap.js'

/** What of a record its row shows. */
export type RecordHead = Pick<ActorRecord, 'address' | 'status' | 'version' | 'seq' | 'position' | 'at'>

export interface EntryPlace {
  readonly segment: Segment
  readonly index: number
  readonly seq: number
}

export interface KeptRecord {
  readonly seq: number
  readonly record: Buffer
}

export interface UnsettledActor {
  head: RecordHead
  record: Buffer
  index: RecordIndex
  /** Those that are to be kept, oldest first. */
  snapshots: readonly KeptRecord[]
  readonly entries: EntryPlace[]
}

/** What a segment holds, unpacked; the writer has it at hand, whoever opens a journal decodes it. */
export interface SegmentContents {
  readonly entries: readonly { readonly address: Address; readonly seq: number }[]
  readonly records: readonly (SegmentRecord & { readonly head: RecordHead })[]
  readonly tail: Pick<SegmentTail, 'deadLetters' | 'settledLetters'>
}

export class Generation {
  readonly segments: Segment[] = []
  readonly actors = new Map<Address, UnsettledActor>()
  /** By id, in the order in which they came. */
  readonly deadLetters = new Map<string, KeptLetter>()
  /** Ids of letters, of this generation or before it, that are gone. */
  readonly settledLetters = new Set<string>()
  readonly timers: DueHeap
  readonly retries: DueHeap
  /** The generation after this one; an actor in it is no longer as it is here. */
  newer: Generation | undefined
  bytes = 0

  constructor() {
    this.timers = new DueHeap(({ address, dueAt }) => this.#newest(address)?.index.timerDueAt === dueAt)
    this.retries = new DueHeap(({ address, dueAt }) => this.#newest(address)?.index.retryDueAt === dueAt)
  }

  add(segment: Segment, contents: SegmentContents): void {
    this.segments.push(segment)
    this.bytes += segment.entries.length + segment.records.length
    contents.tail.deadLetters.forEach((letter, ordinal) => {
      const id = letterId({ commit: segment.number, ordinal })
      this.deadLetters.set(id, { ...letter, id })
    })
    for (const { id } of contents.tail.settledLetters) this.settledLetters.add(id)
    for (const record of contents.records) this.#addRecord(record.head, record)
    contents.entries.forEach(({ address, seq }, index) => {
      this.actors.get(address)?.entries.push({ segment, index, seq })
    })
  }

  #newest(address: Address): UnsettledActor | undefined {
    return this.newer?.actors.has(address) ? undefined : this.actors.get(address)
  }

  #addRecord(head: RecordHead, { bytes, index, persistSnapshot }: SegmentRecord): void {
    const before = this.actors.get(head.address)
    const actor = before ?? { head, record: bytes, index, snapshots: [], entries: [] }
    actor.head = head
    actor.record = bytes
    actor.index = index
    if (persistSnapshot) {
      actor.snapshots = keptSnapshots([...actor.snapshots, { seq: head.seq, record: bytes }])
    }
    if (before === undefined) this.actors.set(head.address, actor)
    pushDue(this.timers, head.address, index.timerDueAt)
    pushDue(this.retries, head.address, index.retryDueAt)
  }
}

/** What a segment just packed holds. */
export function contentsOfCommit(segment: Segment, commit: Commit): SegmentContents {
  const records = commit.records.map(({ record, index, persistSnapshot }, at) => ({
    head: headOf(record),
    bytes: recordAt(segment.records, at),
    index,
    persistSnapshot,
  }))
  return { entries: commit.entries, records, tail: commit }
}

/** What a stored segment holds. */
export function contentsOf(segment: Segment): SegmentContents {
  return {
    entries: Array.from({ length: entryCount(segment.entries) }, (_, index) =>
      entryAt(segment.entries, index),
    ),
    records: recordsIn(segment.records).map(record => ({
      ...record,
      head: headOf(unpackRecord(record.bytes)),
    })),
    tail: tailOf(segment.entries),
  }
}

/** The head alone: the whole record would keep states alive for as long as the generation lives. */
function headOf({ address, status, version, seq, position, at }: ActorRecord): RecordHead {
  return { address, status, version, seq, position, at }
}

function pushDue(heap: DueHeap, address: Address, dueAt: number | undefined): void {
  if (dueAt !== undefined && dueAt !== Number.POSITIVE_INFINITY) heap.push({ address, dueAt })
}
