/**
 * How values are written down: MessagePack for plain data, our own parts (special.ts) for the rest, so that
 * what is read back equals what was written: undefined, Date, Map, Set, Error, bigint, -0, bytes, references.
 *
 * Owns: the stored form of every payload and state, and what is refused. Does not own how records and
 * entries are laid out. Invariants: bytes are self-contained; `decode(encode(x))` equals `x` or `encode`
 * throws; a value is a tree (something reachable twice is two things after decoding; holes in arrays become
 * undefined, an error's class and stack are not kept).
 */
import { Packr } from 'msgpackr'
import { type ErrorValue, UnserialisableError } from './errors.js'
import { limits } from './limits.js'
import { PlainWriter } from './plain-writer.js'
import {
  assemble,
  dismantle,
  dismantleBigint,
  dismantleText,
  LONG_BIGINT,
  type Parts,
  setOwn,
} from './special.js'

const packr = new Packr({ useRecords: false, variableMapSize: true, useToJSON: false })

/** First byte of an encoding that holds special values; MessagePack never begins with it. */
const SPECIAL = 0xc1
/** The one key of an object that stands for a special value. */
const TAG = '\u0000'

/** Levels the engine may wrap around a payload when it writes it down in a record or an entry. */
const WRAPPING_LEVELS = 32
const LEVELS_MAX = limits.payloadDepthMax + WRAPPING_LEVELS

/**
 * The bytes of a value.
 * @throws UnserialisableError naming the place of the first thing that cannot be restored.
 */
export function encode(value: unknown): Uint8Array {
  return encodeWithin(value, LEVELS_MAX)
}

/**
 * The bytes of what a user handed in. Nests less deep than what the engine writes, so that the engine can
 * write down whatever it has taken.
 * @throws UnserialisableError as `encode` does.
 */
export function encodePayload(value: unknown): Uint8Array {
  return encodeWithin(value, limits.payloadDepthMax)
}

/** A writer of plain values in this stored form. */
export function plainWriter(): PlainWriter {
  return new PlainWriter(stored.reserved, LEVELS_MAX)
}

/**
 * Writes what the engine writes down: values that were taken or encoded before, in lists and objects of its own.
 * The same bytes as of `encode`, without looking for keys that would have been refused then.
 */
export function writeKnown(to: PlainWriter, value: unknown): void {
  if (!to.write(value, LEVELS_MAX, false)) to.writeBytes(encode(value))
}

function encodeWithin(value: unknown, levels: number): Uint8Array {
  return plainBytes(value, levels) ?? specialBytes(value, levels)
}

/** Undefined when the value is not plain. */
function plainBytes(value: unknown, levels: number): Uint8Array | undefined {
  const start = scratch.length
  try {
    return scratch.write(value, levels, true) ? scratch.since(start) : undefined
  } finally {
    scratch.truncate(start)
  }
}

/** How long those bytes would be. */
function plainLength(value: unknown, levels: number): number | undefined {
  const start = scratch.length
  try {
    return scratch.write(value, levels, true) ? scratch.length - start : undefined
  } finally {
    scratch.truncate(start)
  }
}

function specialBytes(value: unknown, levels: number): Uint8Array {
  const packed = packr.pack(rewriteWhole(value, stored, levels))
  const bytes = Buffer.allocUnsafe(packed.length + 1)
  bytes[0] = SPECIAL
  packed.copy(bytes, 1)
  return bytes
}

/** The value that `encode` was given. */
export function decode(bytes: Uint8Array): unknown {
  if (bytes[0] === SPECIAL) {
    // Of a Buffer, so that byte strings in it come out as Buffers: that is how they are told from objects.
    return revive(packr.unpack(Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1)))
  }
  return packr.unpack(bytes)
}

/**
 * A deep copy in decoded form: what a replay would see.
 * @throws UnserialisableError as `encode` does.
 */
export function normalise<Value>(value: Value): Value {
  if (plainLength(value, LEVELS_MAX) === undefined) rewriteWhole(value, stored)
  return copy(value) as Value
}

/** The same of what is in decoded form already: nothing in it is looked for that would be refused. */
export function copyKnown<Value>(value: Value): Value {
  return copy(value) as Value
}

/** What a user handed in as it will be read back, and how many bytes that is. */
export interface Taken {
  readonly value: unknown
  readonly bytes: number
}

/**
 * The same as encoding and decoding it, at less cost.
 * @throws UnserialisableError as `encodePayload` does.
 */
export function takePayload(value: unknown): Taken {
  const plain = plainLength(value, limits.payloadDepthMax)
  if (plain !== undefined) return { value: copy(value), bytes: plain }
  const bytes = encodePayload(value)
  return { value: decode(bytes), bytes: bytes.length }
}

/**
 * How many bytes `encode` makes of a value.
 * @throws UnserialisableError as it does.
 */
export function encodedLength(value: unknown): number {
  return plainLength(value, LEVELS_MAX) ?? encode(value).length
}

/** Whatever was thrown, as it is stored. Never throws. */
export function toErrorValue(thrown: unknown): ErrorValue {
  try {
    if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: cut(String(thrown)) }
    const { name, message, code, details } = thrown as Record<string, unknown>
    return {
      name: typeof name === 'string' && name !== '' ? cut(name) : 'Error',
      message: typeof message === 'string' ? cut(message) : describe(thrown),
      ...(typeof code === 'string' || typeof code === 'number' ? { code: cut(String(code)) } : {}),
      ...(details === undefined ? {} : { details: storable(details) }),
    }
  } catch {
    return { name: 'Error', message: 'an error that cannot be read' }
  }
}

/**
 * JSON for people, losing nothing: what JSON lacks is tagged, `{"$date":"2026-01-01T00:00:00.000Z"}`,
 * `{"$map":[[key,value]]}`, `{"$undefined":true}`, `{"$number":"-0"}`; a key that begins with `$` of its own is written `$$…`.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(rewriteWhole(value, shown))
}

/** The same for programs, which expect what is undefined to be left out (in a list, to be null). */
export function toReplyJson(value: unknown): string {
  return JSON.stringify(rewriteWhole(value, replied)) ?? 'null'
}

/** How a walk rewrites what the target form has no room for. */
interface Form {
  /** Asked for 0, NaN and the infinities only. */
  number(value: number): unknown
  readonly missing: unknown
  special(parts: Parts): unknown
  /** Whether an object with this key cannot stand as it is. */
  reserved(key: string): boolean
  /** An object with a reserved key, its values rewritten. */
  object(entries: [string, unknown][]): unknown
}

const stored: Form = {
  number: value => (Object.is(value, -0) ? { [TAG]: ['-0', null] } : value),
  missing: undefined,
  special: ({ kind, parts }) => ({ [TAG]: [kind, parts] }),
  reserved: key => key === TAG || key === '__proto__' || !key.isWellFormed(),
  object: entries => ({
    [TAG]: ['object', entries.map(([key, value]) => [rewrite(key, stored, 0), value])],
  }),
}

const scratch = plainWriter()

const shown: Form = {
  number: value =>
    value === 0 && !Object.is(value, -0) ? 0 : { $number: Object.is(value, -0) ? '-0' : String(value) },
  missing: { $undefined: true },
  special: ({ kind, parts }) => {
    if (kind === 'date') return { $date: shownDate(parts) }
    if (kind === 'utf16') return assemble(kind, parts)
    return { [`$${kind}`]: Buffer.isBuffer(parts) ? parts.toString('base64') : parts }
  },
  reserved: key => key.startsWith('$') || key === '__proto__',
  object: entries => {
    const object = {}
    for (const [key, value] of entries) setOwn(object, key.startsWith('$') ? `$${key}` : key, value)
    return object
  },
}

const replied: Form = { ...shown, missing: undefined }

function shownDate(time: unknown): string {
  return typeof time === 'number' ? new Date(time).toISOString() : 'invalid'
}

/** Where the walk is: keys from the top. Only read when something is refused. */
const trail: (string | number)[] = []

/** How deep the walk may go. */
let levelsMax = 0

function rewriteWhole(value: unknown, form: Form, levels = LEVELS_MAX): unknown {
  trail.length = 0
  levelsMax = levels
  return rewrite(value, form, 0)
}

/** The value itself when it is plain through and through, else a copy in which what is special is rewritten. */
function rewrite(value: unknown, form: Form, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : form.special(dismantleText(value))
    case 'number':
      return value === 0 || !Number.isFinite(value) ? form.number(value) : value
    case 'boolean':
      return value
    case 'undefined':
      return form.missing
    case 'object':
      if (value === null) return value
      if (depth > levelsMax) refuseDepth(value)
      return rewriteObject(value, form, depth)
    case 'bigint':
      return form.special(dismantleBigint(value) ?? refuse(LONG_BIGINT))
    default:
      return refuse(`a ${typeof value}`)
  }
}

function rewriteObject(value: object, form: Form, depth: number): unknown {
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) return rewriteArray(value as unknown[], form, depth)
  if (prototype === Object.prototype) return rewritePlain(value as Record<string, unknown>, form, depth)
  const special = dismantle(value)
  if (special === undefined) return refuse(describe(value))
  if (Buffer.isBuffer(special.parts)) return form.special(special)
  return form.special({ kind: special.kind, parts: rewrite(special.parts, form, depth + 1) })
}

function rewriteArray(value: unknown[], form: Form, depth: number): unknown {
  let copied: unknown[] | undefined
  for (let index = 0; index < value.length; index++) {
    const item = value[index]
    trail.push(index)
    const next = rewrite(item, form, depth + 1)
    trail.pop()
    if (Object.is(next, item)) continue
    copied ??= [...value]
    copied[index] = next
  }
  return copied ?? value
}

function rewritePlain(value: Record<string, unknown>, form: Form, depth: number): unknown {
  let copied: Record<string, unknown> | undefined
  let reserved = false
  if (Object.getOwnPropertySymbols(value).length > 0) refuse('an object with a symbol for a key')
  for (const key in value) {
    const item = value[key]
    if (form.reserved(key)) {
      reserved = true
      break
    }
    trail.push(key)
    const next = rewrite(item, form, depth + 1)
    trail.pop()
    if (Object.is(next, item)) continue
    copied ??= { ...value }
    copied[key] = next
  }
  return reserved ? rewriteReserved(value, form, depth) : (copied ?? value)
}

function rewriteReserved(value: object, form: Form, depth: number): unknown {
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    trail.push(key)
    const next = rewrite(item, form, depth + 1)
    trail.pop()
    return [key, next]
  })
  return form.object(entries)
}

/** Puts special values in place of their tagged parts; changes the freshly decoded value it is given. */
function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) value[index] = revive(value[index])
    return value
  }
  const object = value as Record<string, unknown>
  const tagged = object[TAG] as [string, unknown] | undefined
  if (tagged !== undefined) return assemble(tagged[0], revive(tagged[1]))
  for (const key in object) object[key] = revive(object[key])
  return object
}

/** A deep copy of what `rewrite` has found sound. */
function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Array.prototype) return Array.from(value as unknown[], copy)
  if (prototype !== Object.prototype) {
    const { kind, parts } = dismantle(value) as Parts
    // Assembling copies bytes itself.
    return assemble(kind, Buffer.isBuffer(parts) ? parts : copy(parts))
  }
  const copied: Record<string, unknown> = {}
  for (const key in value) setOwn(copied, key, copy((value as Record<string, unknown>)[key]))
  return copied
}

function storable(details: unknown): unknown {
  try {
    const bytes = encodePayload(details)
    if (bytes.length > limits.errorDetailsBytesMax) return `${bytes.length} bytes of details, left out`
    return decode(bytes)
  } catch {
    return describe(details)
  }
}

/** What an error says, as long as it may be. */
function cut(text: string): string {
  if (text.length <= limits.errorCharsMax) return text
  return `${text.slice(0, limits.errorCharsMax)}… (${text.length} characters)`
}

/** What an object is, for a message: `an instance of Actor`. */
function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object of no known class'
}

function refuse(found: string): never {
  throw new UnserialisableError(written(trail), found)
}

function written(keys: readonly (string | number)[]): string {
  const path = keys.map(key => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  return path.startsWith('.') ? path.slice(1) : path
}

function refuseDepth(value: object): never {
  const period = cycleFrom(value)
  if (period === undefined) refuse(`nested deeper than ${levelsMax} levels`)
  // The walk went round many times: name the place where it first came back.
  trail.length = Math.min(trail.length, period)
  return refuse('a part of itself (a cycle)')
}

/** Values among which a cycle is looked for, to name its place: it is refused for its depth all the same. */
const CYCLE_VALUES_MAX = 10_000

/** How many keys it takes from a value back to itself; undefined when no short way leads there. */
function cycleFrom(start: object): number | undefined {
  const seen = new Set<unknown>()
  const queue: [unknown, number][] = [[start, 0]]
  for (const [value, steps] of queue) {
    if (typeof value !== 'object' || value === null || seen.has(value)) {
      if (value === start && steps > 0) return steps
      continue
    }
    if (seen.size >= CYCLE_VALUES_MAX) return undefined
    seen.add(value)
    for (const item of Object.values(value)) queue.push([item, steps + 1])
  }
  return undefined
}
