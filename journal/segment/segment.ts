/**
 * A commit in its stored form, a segment: two byte strings and a hash that chains it to the one before.
 * Entries are kept as history; records only until they are settled into rows, which is why they are apart
 * and why the chain covers the hash of each: it can still be verified when one is gone.
 */
import { createHash, hash } from 'node:crypto'
import { decode, writeKnown } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { Commit, DeadLetter, JournalEntry, RecordIndex, SettledLetter } from '../../actors/commit.js'
import { limits } from '../../actors/limits.js'
import type { StatesBefore } from '../../actors/logged-commit.js'
import { FrameWriter, frameAt, frameCount } from './frames.js'
import {
  commandRow,
  deadLetterRow,
  type EntryHead,
  entryHead,
  indexRow,
  publishedRow,
  type RecordHead,
  recordHead,
  settledLetterRow,
  unpackEntry,
  writeEntry,
  writeRecord,
} from './rows.js'

/** What is known of a segment when its bytes are gone. */
export interface SegmentStub {
  /** From 1, without gaps. */
  readonly number: number
  /** Positions of its first and last entry; `last` is `first - 1` when it has none. */
  readonly first: number
  readonly last: number
  readonly at: number
  readonly entriesHash: Buffer
  readonly recordsHash: Buffer
  /** Over the hash of the segment before and all of the above. */
  readonly hash: Buffer
}

/** A commit as bytes, before it is hashed and chained: what whoever does not write needs of it. */
export interface PackedSegment {
  readonly number: number
  readonly first: number
  readonly last: number
  readonly at: number
  readonly entries: Buffer
  readonly records: Buffer
}

export type Segment = SegmentStub & PackedSegment

/** One record of a segment. */
export interface SegmentRecord {
  /** As `writeRecord` wrote it. */
  readonly bytes: Buffer
  readonly index: RecordIndex
  readonly persistSnapshot: boolean
}

/** What is asked of a segment without opening what is in it: the commit it was made of has it, and so have its bytes. */
export interface SegmentContents {
  readonly entries: readonly EntryHead[]
  readonly records: readonly RecordContents[]
  readonly deadLetters: readonly DeadLetter[]
  readonly settledLetters: readonly SettledLetter[]
}

export interface RecordContents {
  /** With its state, where that is at hand. */
  readonly record: RecordHead & { readonly state?: Uint8Array }
  readonly index: RecordIndex
  readonly persistSnapshot: boolean
}

/** The parts of a segment's records: pending commands, all indexes, then each record. */
const PENDING_AT = 0
const INDEXES_AT = 1
const FIRST_RECORD_AT = 2

/** The hash before the first segment. */
export const chainStart = Buffer.alloc(32)

/**
 * The stored form of a commit.
 * @param statesBefore those that whoever reads it has as well; what is not there is written whole.
 * @throws UnserialisableError when something in it cannot be restored.
 */
export function packSegment(number: number, commit: Commit, statesBefore?: StatesBefore): PackedSegment {
  const last = commit.first + commit.entries.length - 1
  const bytes = packed.get(commit) ?? packCommit(commit, statesBefore)
  return { number, first: commit.first, last, at: commit.at, ...bytes }
}

type PackedCommit = Pick<PackedSegment, 'entries' | 'records'>

/** Of commits that are written to a log and to the journal here: for as long as they are held. */
const packed = new WeakMap<Commit, PackedCommit>()

/** Its bytes are these: it need not be packed again. */
export function keepPacked(commit: Commit, bytes: PackedCommit): void {
  packed.set(commit, bytes)
}

/** The two byte strings of it alone. @throws UnserialisableError when something in it cannot be restored. */
export function packCommit(commit: Commit, statesBefore?: StatesBefore): PackedCommit {
  return { entries: packEntries(commit), records: packRecords(commit, statesBefore) }
}

const frames = new FrameWriter()

function packEntries({ entries, published, deadLetters, settledLetters, sent = [] }: Commit): Buffer {
  const { to } = frames
  frames.begin(entries.length + 1)
  for (const entry of entries) {
    writeEntry(to, entry)
    frames.endPart()
  }
  writeKnown(to, [
    published.map(publishedRow.pack),
    deadLetters.map(deadLetterRow.pack),
    settledLetters.map(settledLetterRow.pack),
    ...(sent.length === 0 ? [] : [sent.map(commandRow.pack)]),
  ])
  frames.endPart()
  return frames.finish()
}

function packRecords({ pending, records }: Commit, statesBefore: StatesBefore = noneBefore): Buffer {
  const { to } = frames
  frames.begin(FIRST_RECORD_AT + records.length)
  writeKnown(to, pending.map(commandRow.pack))
  frames.endPart()
  writeKnown(
    to,
    records.map(change => [indexRow.pack(change.index), change.persistSnapshot]),
  )
  frames.endPart()
  for (const { record, persistSnapshot } of records) {
    // A persisted snapshot stands alone.
    const isLarge = record.state.length >= limits.patchedStateBytesMin && !persistSnapshot
    writeRecord(to, record, isLarge ? statesBefore(record.address) : undefined)
    frames.endPart()
  }
  return frames.finish()
}

const noneBefore: StatesBefore = () => undefined

/** The segment with its hashes: chained to the one before, whose hash is given. */
export function sealSegment(packed: PackedSegment, before: Buffer): Segment {
  const facts = {
    ...packed,
    entriesHash: sha256(packed.entries),
    recordsHash: sha256(packed.records),
  }
  return { ...facts, hash: chainHash(before, facts) }
}

export function chainHash(before: Buffer, facts: Omit<SegmentStub, 'hash'>): Buffer {
  return createHash('sha256')
    .update(before)
    .update(`${facts.number} ${facts.first} ${facts.last} ${facts.at}`)
    .update(facts.entriesHash)
    .update(facts.recordsHash)
    .digest()
}

export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer') as unknown as Buffer
}

export function entryCount(entries: Buffer): number {
  return frameCount(entries) - 1
}

/** The entry at an index within its segment, from 0. */
export function entryAt(entries: Buffer, index: number): JournalEntry {
  return unpackEntry(entryBytesAt(entries, index))
}

/** The same as it is stored. */
export function entryBytesAt(entries: Buffer, index: number): Buffer {
  return frameAt(entries, index)
}

/** How many bytes that entry takes. */
export function entryBytes(entries: Buffer, index: number): number {
  return frameAt(entries, index).length
}

/** What a commit holds besides entries, records and pending commands. */
export type SegmentTail = Pick<Commit, 'published' | 'deadLetters' | 'settledLetters' | 'sent'>

export function tailOf(entries: Buffer): SegmentTail {
  const tail = frameAt(entries, frameCount(entries) - 1)
  // Commits of the first release have no third part.
  const [published, deadLetters, settledLetters = [], sent] = decode(tail) as unknown[][][]
  return {
    published: published!.map(publishedRow.unpack),
    deadLetters: deadLetters!.map(deadLetterRow.unpack),
    settledLetters: settledLetters.map(settledLetterRow.unpack),
    ...(sent === undefined ? {} : { sent: sent.map(commandRow.unpack) }),
  }
}

/** The bytes of the commands the segment left to be stepped. */
export function pendingBytes(records: Buffer): Buffer {
  return frameAt(records, PENDING_AT)
}

export function unpackPending(bytes: Uint8Array): readonly Command[] {
  return (decode(bytes) as unknown[][]).map(commandRow.unpack)
}

export function recordsIn(records: Buffer): SegmentRecord[] {
  const indexes = decode(frameAt(records, INDEXES_AT)) as [unknown[], boolean][]
  return indexes.map(([index, persistSnapshot], at) => ({
    bytes: recordAt(records, at),
    index: indexRow.unpack(index),
    persistSnapshot,
  }))
}

export function contentsOf({ entries, records }: PackedSegment): SegmentContents {
  const { deadLetters, settledLetters } = tailOf(entries)
  return {
    entries: Array.from({ length: entryCount(entries) }, (_, at) => entryHead(frameAt(entries, at))),
    records: recordsIn(records).map(({ bytes, ...rest }) => ({ record: recordHead(bytes), ...rest })),
    deadLetters,
    settledLetters,
  }
}

/** The bytes of the record at an index within its segment, from 0. */
export function recordAt(records: Buffer, index: number): Buffer {
  return frameAt(records, FIRST_RECORD_AT + index)
}
