/**
 * Entries, commands and records as rows of values: no field names in the bytes, and each row decodes alone.
 *
 * Owns: the order of the fields, which is the stored format. Invariants: a list only grows at its end; every
 * field of a type is in its list (the compiler checks); an absent optional field comes back absent.
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
import type { ActorRecord, RecentCommand } from '../../actors/record.js'
import { leadingItems } from './leading-items.js'

type Row = readonly unknown[]
type FieldOf<T> = T extends unknown ? keyof T & string : never
type Missing<T, Names extends readonly string[]> = Exclude<FieldOf<T>, Names[number]>

/** The fields of a type in stored order; does not compile when one is missing. */
function fields<T>() {
  return <const Names extends readonly FieldOf<T>[]>(
    ...names: Missing<T, Names> extends never ? Names : never
  ): readonly string[] => names
}

/** Of any command: what is always there, and after the body what seldom is, so that it can be left out. */
const head = ['kind', 'commandId', 'target'] as const
const rest = ['sender', 'at', 'trace', 'attempts'] as const
const commandFields = {
  start: fields<Extract<Command, { kind: 'start' }>>()(...head, 'input', ...rest, 'redriven', 'version'),
  message: fields<Extract<Command, { kind: 'message' }>>()(
    ...head,
    'event',
    ...rest,
    'start',
    'ask',
    'delayMs',
    'redriven',
  ),
  result: fields<Extract<Command, { kind: 'result' }>>()(...head, 'token', 'outcome', ...rest, 'redriven'),
  timer: fields<Extract<Command, { kind: 'timer' }>>()(...head, 'timer', ...rest, 'redriven'),
  operator: fields<Extract<Command, { kind: 'operator' }>>()(...head, 'order', ...rest, 'redriven'),
} satisfies Record<Command['kind'], readonly string[]>

const entryFields = fields<JournalEntry>()(
  'address',
  'seq',
  'position',
  'at',
  'command',
  'outcome',
  'value',
  'error',
  'digest',
)
const publishedFields = fields<PublishedEvent>()('address', 'seq', 'position', 'at', 'event')
const deadLetterFields = fields<DeadLetter>()('position', 'at', 'command', 'error')
const settledLetterFields = fields<SettledLetter>()('id', 'how', 'reason')
const indexFields = fields<RecordIndex>()('value', 'tags', 'timerDueAt', 'retryDueAt', 'owes')
const recentFields = fields<RecentCommand>()(
  'commandId',
  'payload',
  'seq',
  'position',
  'at',
  'handled',
  'error',
  'created',
)
const recordFields = fields<ActorRecord>()(
  'address',
  'incarnation',
  'version',
  'seq',
  'position',
  'at',
  'status',
  'state',
  'child',
  'timers',
  'invocations',
  'children',
  'epoch',
  'timer',
  'recent',
  'terminated',
)

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

const TARGET_AT = head.indexOf('target')
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

/**
 * The same bytes without the rows they stand for, if all in it is plain: a commit holds hundreds of entries and
 * records, and lists made only to be written cost more than the writing (GAIN).
 */
function writePlainEntry(to: PlainWriter, entry: JournalEntry): boolean {
  const length = lengthOf(entryFields, entry)
  to.list(length)
  return (
    writeFields(to, entryFields, entry, 0, COMMAND_AT) &&
    writePlainCommand(to, entry) &&
    writeFields(to, entryFields, entry, COMMAND_AT + 1, length)
  )
}

function writePlainCommand(to: PlainWriter, entry: JournalEntry): boolean {
  const { command } = entry
  const names = commandFields[command.kind]
  const length = lengthOf(names, command)
  to.list(length)
  return (
    writeFields(to, names, command, 0, TARGET_AT) &&
    to.item(isTargetSaid(entry) ? null : command.target) &&
    writeFields(to, names, command, TARGET_AT + 1, length)
  )
}

/** As a rule the target is the entry's own address: not written twice. */
function isTargetSaid({ address, command }: JournalEntry): boolean {
  return command.target === address
}

export function unpackEntry(bytes: Uint8Array): JournalEntry {
  const entry = unpack(entryFields, decode(bytes) as Row)
  const command = entry.command as unknown[]
  command[TARGET_AT] ??= entry.address
  entry.command = commandRow.unpack(command)
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

function writePlainRecord(to: PlainWriter, record: ActorRecord): boolean {
  const length = lengthOf(recordFields, record)
  to.list(length)
  return (
    writeFields(to, recordFields, record, 0, STATE_AT) &&
    to.item(undefined) &&
    writeFields(to, recordFields, record, STATE_AT + 1, RECENT_AT) &&
    writeRecent(to, record.recent) &&
    writeFields(to, recordFields, record, RECENT_AT + 1, length)
  )
}

function writeRecent(to: PlainWriter, recent: readonly RecentCommand[]): boolean {
  to.list(recent.length)
  for (const command of recent) {
    const length = lengthOf(recentFields, command)
    to.list(length)
    if (!writeFields(to, recentFields, command, 0, length)) return false
  }
  return true
}

export function unpackRecord(bytes: Buffer): ActorRecord {
  const stateAt = RECORD_HEAD_BYTES + bytes.readUInt32LE(0)
  const record = unpack(recordFields, decode(bytes.subarray(RECORD_HEAD_BYTES, stateAt)) as Row)
  // A copy of its own: the row's buffer would be kept alive by it, and is a Buffer where a Uint8Array is promised.
  record.state = new Uint8Array(bytes.subarray(stateAt))
  record.recent = (record.recent as Row[]).map(row => unpack(recentFields, row))
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

/** How many fields there are to write: what is absent at the end is left out. */
function lengthOf(names: readonly string[], value: object): number {
  const source = value as Record<string, unknown>
  let length = names.length
  while (length > 0 && source[names[length - 1]!] === undefined) length--
  return length
}

/** Writes the fields from one index up to another, if all of them are plain. */
function writeFields(
  to: PlainWriter,
  names: readonly string[],
  value: object,
  from: number,
  end: number,
): boolean {
  const source = value as Record<string, unknown>
  for (let at = from; at < end; at++) if (!to.item(source[names[at]!])) return false
  return true
}

function pack(names: readonly string[], value: object): unknown[] {
  const source = value as Record<string, unknown>
  const row = new Array<unknown>(lengthOf(names, value))
  for (let at = 0; at < row.length; at++) row[at] = source[names[at]!]
  return row
}

function unpack(names: readonly string[], row: Row): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (let at = 0; at < row.length; at++) if (row[at] !== undefined) value[names[at]!] = row[at]
  return value
}
