/**
 * Entries, commands and records as rows of values: no field names in the bytes, and each row decodes alone.
 *
 * Owns: how rows are read, in every form they ever had, and the long form of what is not plain (plain-rows.ts has
 * the short one). Invariant: an absent optional field comes back absent.
 */
import { decode, writeKnown } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type {
  DeadLetter,
  JournalEntry,
  PublishedEvent,
  RecordIndex,
  SettledLetter,
} from '../../actors/commit.js'
import type { StateAt } from '../../actors/logged-commit.js'
import type { PlainWriter } from '../../actors/plain-writer.js'
import type { ActorRecord } from '../../actors/record.js'
import {
  childFields,
  commandFields,
  deadLetterFields,
  entryFields,
  indexFields,
  invocationFields,
  lengthOf,
  publishedFields,
  recentFields,
  recordFields,
  settledLetterFields,
  TARGET_AT,
  taskFields,
  timerFields,
  tokenFields,
} from './fields.js'
import { leadingItems } from './leading-items.js'
import { patched, patchOf } from './patch.js'
import { ITSELF, isTargetSaid, writePlainEntry, writePlainRecord } from './plain-rows.js'

type Row = readonly unknown[]

export const commandRow = {
  pack: (command: Command): Row => pack(commandFields[command.kind], command),
  unpack: (row: Row): Command => {
    const names = commandFields[row[0] as Command['kind']]
    return unpack(names, row) as unknown as Command
  },
}

export const publishedRow = {
  pack: (event: PublishedEvent): Row => pack(publishedFields, event),
  unpack: (row: Row) => unpack(publishedFields, row) as unknown as PublishedEvent,
}

export const deadLetterRow = {
  pack: (letter: DeadLetter): Row =>
    pack(deadLetterFields, { ...letter, command: commandRow.pack(letter.command) }),
  unpack: (row: Row): DeadLetter => {
    const letter = unpack(deadLetterFields, row)
    letter.command = commandRow.unpack(letter.command as Row)
    return letter as unknown as DeadLetter
  },
}

export const settledLetterRow = {
  pack: (letter: SettledLetter): Row => pack(settledLetterFields, letter),
  unpack: (row: Row) => unpack(settledLetterFields, row) as unknown as SettledLetter,
}

export const indexRow = {
  pack: (index: RecordIndex): Row => pack(indexFields, index),
  unpack: (row: Row) => unpack(indexFields, row) as unknown as RecordIndex,
}

const COMMAND_AT = entryFields.indexOf('command')
const STATE_AT = recordFields.indexOf('state')
const RECENT_AT = recordFields.indexOf('recent')

export function writeEntry(to: PlainWriter, entry: JournalEntry): void {
  const start = to.length
  if (writePlainEntry(to, entry)) return
  to.truncate(start)
  const command = pack(commandFields[entry.command.kind], entry.command)
  if (isTargetSaid(entry)) command[TARGET_AT] = null
  const row = pack(entryFields, entry)
  row[COMMAND_AT] = command
  writeKnown(to, row)
}

/** Gives back to a result what `writePlainCommand` left out, if it did. */
function restore(command: Record<string, unknown>): void {
  const { token, outcome, sender, target } = command
  if (Array.isArray(token)) command.token = { actor: target, ...unpack(tokenFields, token) }
  if (Array.isArray(outcome)) command.outcome = { status: 'done', output: outcome[0] }
  if (sender === ITSELF) command.sender = target
}

export function unpackEntry(bytes: Uint8Array): JournalEntry {
  const entry = unpack(entryFields, decode(bytes) as Row)
  const command = entry.command as unknown[]
  command[TARGET_AT] ??= entry.address
  const unpacked = commandRow.unpack(command)
  if (unpacked.kind === 'result') restore(unpacked as unknown as Record<string, unknown>)
  entry.command = unpacked
  return entry as unknown as JournalEntry
}

const RECORD_HEAD_BYTES = 4

/** Set in the length of one whose state is a patch. */
const PATCHED = 0x8000_0000
const SEQ_BYTES = 8

/**
 * Writes a record: the length of all but the state, that, then the state as its logic encoded it; or the number of an
 * entry before and what changed since, where the state after that is given and has much in common with this one.
 */
export function writeRecord(to: PlainWriter, record: ActorRecord, before?: StateAt): void {
  const lengthAt = to.reserve(RECORD_HEAD_BYTES)
  const start = to.length
  if (!writePlainRecord(to, record)) {
    to.truncate(start)
    const row = pack(recordFields, record)
    row[STATE_AT] = undefined
    row[RECENT_AT] = record.recent.map(command => pack(recentFields, command))
    writeKnown(to, row)
  }
  const patch = before && patchOf(viewOf(before.state), viewOf(record.state))
  if (patch === undefined) {
    to.setUint32(lengthAt, to.length - start)
    to.writeBytes(record.state)
    return
  }
  to.setUint32(lengthAt, to.length - start + PATCHED)
  const seq = Buffer.allocUnsafe(SEQ_BYTES)
  seq.writeDoubleLE(before!.seq)
  to.writeBytes(seq)
  to.writeBytes(patch)
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}

/** Whether a record's state is there only as what changed. */
export function isPatched(bytes: Buffer): boolean {
  return bytes.readUInt32LE(0) >= PATCHED
}

/** How many bytes its state takes there, whole or as what changed. */
export function stateBytes(bytes: Buffer): number {
  return bytes.length - stateAt(bytes)
}

/** The state of a record that is whole; a view, not a copy. */
export function stateIn(bytes: Buffer): Buffer {
  return bytes.subarray(stateAt(bytes))
}

/** The state of a record that is patched; undefined when what is given is not what it was made against. */
export function statePatched(bytes: Buffer, before: StateAt): Buffer | undefined {
  if (patchedSeq(bytes) !== before.seq) return undefined
  return patched(viewOf(before.state), bytes.subarray(stateAt(bytes) + SEQ_BYTES))
}

/** Of a record that is patched: the number of the entry whose state it was made against. */
export function patchedSeq(bytes: Buffer): number {
  return bytes.readDoubleLE(stateAt(bytes))
}

/** A record that is patched, whole. */
export function wholeRecord(bytes: Buffer, state: Uint8Array): Buffer {
  const whole = Buffer.concat([bytes.subarray(0, stateAt(bytes)), state])
  whole.writeUInt32LE(stateAt(bytes) - RECORD_HEAD_BYTES, 0)
  return whole
}

function stateAt(bytes: Buffer): number {
  return RECORD_HEAD_BYTES + (bytes.readUInt32LE(0) % PATCHED)
}

/** A record that is whole. */
export function unpackRecord(bytes: Buffer): ActorRecord {
  // A copy of its own: the row's buffer would be kept alive by it, and is a Buffer where a Uint8Array is promised.
  return unpackWith(bytes, new Uint8Array(stateIn(bytes)))
}

/** A record whose state is that, whatever is there of it. */
export function unpackWith(bytes: Buffer, state: Uint8Array): ActorRecord {
  const record = unpackAround(bytes)
  record.state = state
  return record as unknown as ActorRecord
}

/** All of a record but its state. */
function unpackAround(bytes: Buffer): Record<string, unknown> {
  const record = unpack(recordFields, decode(bytes.subarray(RECORD_HEAD_BYTES, stateAt(bytes))) as Row)
  record.recent = unpackAll(recentFields, record.recent)
  record.timers = unpackAll(timerFields, record.timers)
  record.children = unpackAll(childFields, record.children)
  record.invocations = unpackAll(invocationFields, record.invocations)
  for (const invocation of record.invocations as Record<string, unknown>[])
    invocation.tasks = unpackAll(taskFields, invocation.tasks)
  return record
}

/** What of an entry says whose it is. */
export type EntryHead = Pick<JournalEntry, 'address' | 'seq'>

/** What of a record its row shows. */
export type RecordHead = Pick<ActorRecord, 'address' | 'version' | 'seq' | 'position' | 'at' | 'status'>

const entryHeadFields = entryFields.slice(0, entryFields.indexOf('seq') + 1)
const recordHeadFields = recordFields.slice(0, recordFields.indexOf('status') + 1)

export function entryHead(bytes: Buffer): EntryHead {
  const row = leadingItems(bytes, entryHeadFields.length) ?? pack(entryHeadFields, unpackEntry(bytes))
  return unpack(entryHeadFields, row) as unknown as EntryHead
}

export function recordHead(bytes: Buffer): RecordHead {
  const leading = leadingItems(bytes.subarray(RECORD_HEAD_BYTES), recordHeadFields.length)
  return unpack(
    recordHeadFields,
    leading ?? pack(recordHeadFields, unpackAround(bytes)),
  ) as unknown as RecordHead
}

function pack(names: readonly string[], value: object): unknown[] {
  const source = value as Record<string, unknown>
  const row = new Array<unknown>(lengthOf(names, value))
  for (let at = 0; at < row.length; at++) row[at] = source[names[at]!]
  return row
}

/** Values that are rows, or were written before they were, or with something in them that is not plain. */
function unpackAll(names: readonly string[], values: unknown): unknown[] {
  return (values as unknown[]).map(value => (Array.isArray(value) ? unpack(names, value) : value))
}

function unpack(names: readonly string[], row: Row): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (let at = 0; at < row.length; at++) if (row[at] !== undefined) value[names[at]!] = row[at]
  return value
}
