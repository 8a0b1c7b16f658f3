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

/** Writes a record: the length of all but the state, that, then the state as its logic encoded it. */
export function writeRecord(to: PlainWriter, record: ActorRecord): void {
  const lengthAt = to.reserve(RECORD_HEAD_BYTES)
  const start = to.length
  if (!writePlainRecord(to, record)) {
    to.truncate(start)
    const row = pack(recordFields, record)
    row[STATE_AT] = undefined
    row[RECENT_AT] = record.recent.map(command => pack(recentFields, command))
    writeKnown(to, row)
  }
  to.setUint32(lengthAt, to.length - start)
  to.writeBytes(record.state)
}

export function unpackRecord(bytes: Buffer): ActorRecord {
  const stateAt = RECORD_HEAD_BYTES + bytes.readUInt32LE(0)
  const record = unpack(recordFields, decode(bytes.subarray(RECORD_HEAD_BYTES, stateAt)) as Row)
  // A copy of its own: the row's buffer would be kept alive by it, and is a Buffer where a Uint8Array is promised.
  record.state = new Uint8Array(bytes.subarray(stateAt))
  record.recent = unpackAll(recentFields, record.recent)
  record.timers = unpackAll(timerFields, record.timers)
  record.children = unpackAll(childFields, record.children)
  record.invocations = unpackAll(invocationFields, record.invocations)
  for (const invocation of record.invocations as Record<string, unknown>[])
    invocation.tasks = unpackAll(taskFields, invocation.tasks)
  return record as unknown as ActorRecord
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
    leading ?? pack(recordHeadFields, unpackRecord(bytes)),
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
