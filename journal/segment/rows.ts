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
  const command = pack(commandFields[entry.command.kind], entry.command)
  // As a rule the entry's own address: not written twice.
  if (command[TARGET_AT] === entry.address) command[TARGET_AT] = null
  const row = pack(entryFields, entry)
  row[COMMAND_AT] = command
  writeKnown(to, row)
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
  const row = pack(recordFields, record)
  row[STATE_AT] = undefined
  row[RECENT_AT] = record.recent.map(command => pack(recentFields, command))
  const lengthAt = to.reserve(RECORD_HEAD_BYTES)
  writeKnown(to, row)
  to.setUint32(lengthAt, to.length - lengthAt - RECORD_HEAD_BYTES)
  to.writeBytes(record.state)
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

function pack(names: readonly string[], value: object): unknown[] {
  const source = value as Record<string, unknown>
  let length = names.length
  while (length > 0 && source[names[length - 1]!] === undefined) length--
  const row = new Array<unknown>(length)
  for (let at = 0; at < length; at++) row[at] = source[names[at]!]
  return row
}

function unpack(names: readonly string[], row: Row): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (let at = 0; at < row.length; at++) if (row[at] !== undefined) value[names[at]!] = row[at]
  return value
}
