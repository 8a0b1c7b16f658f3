/**
 * Values that are more than JSON-like data, and how each is taken apart into plainer parts and put together
 * again. What is stored, what is shown to people and what is compared all go through this one list.
 *
 * Invariant: `assemble(...dismantle(x))` equals `x`; a type that is not here is refused, never approximated.
 */
import { UnserialisableError } from './errors.js'
import { limits } from './limits.js'
import { Reference } from './reference.js'

/** A special value in parts: `parts` may hold special values again. */
export interface Parts {
  readonly kind: string
  readonly parts: unknown
}

const errors = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }
const arrays = {
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
}

const takenApart = new Map<unknown, (value: never) => Parts>([
  [null, (value: object) => ({ kind: 'bare', parts: Object.entries(value) })],
  [Date.prototype, (value: Date) => ({ kind: 'date', parts: value.getTime() })],
  [Map.prototype, (value: Map<unknown, unknown>) => ({ kind: 'map', parts: [...value] })],
  [Set.prototype, (value: Set<unknown>) => ({ kind: 'set', parts: [...value] })],
  [RegExp.prototype, (value: RegExp) => ({ kind: 'regexp', parts: [value.source, value.flags] })],
  [Reference.prototype, (value: Reference) => ({ kind: 'ref', parts: value.address })],
  [Uint8Array.prototype, (value: Uint8Array) => ({ kind: 'bytes', parts: bufferOf(value) })],
  [Buffer.prototype, (value: Buffer) => ({ kind: 'buffer', parts: value })],
  [
    ArrayBuffer.prototype,
    (value: ArrayBuffer) => ({ kind: 'arraybuffer', parts: bufferOf(new Uint8Array(value)) }),
  ],
  ...Object.values(arrays).map(
    type =>
      [type.prototype, (value: ArrayBufferView) => ({ kind: type.name, parts: bufferOf(value) })] as const,
  ),
])

/** The parts of an object that is neither a plain object nor an array; undefined when it cannot be stored. */
export function dismantle(value: object): Parts | undefined {
  const how = takenApart.get(Object.getPrototypeOf(value)) as ((value: object) => Parts) | undefined
  if (how !== undefined) return how(value)
  // A reference that knows more than its address (a machine's own, a child's) is stored as what it names.
  if (value instanceof Reference) return { kind: 'ref', parts: value.address }
  // An error of any class: its class does not survive, what it says does.
  if (value instanceof Error) return { kind: 'error', parts: errorParts(value) }
  return undefined
}

/** The value that parts stand for. The parts must be assembled already. */
export function assemble(kind: string, parts: unknown): unknown {
  switch (kind) {
    case 'bare':
      return Object.assign(Object.create(null), ownEntries(parts))
    case 'object':
      return ownEntries(parts)
    case 'date':
      return new Date(parts as number)
    case 'map':
      return new Map(parts as [unknown, unknown][])
    case 'set':
      return new Set(parts as unknown[])
    case 'regexp':
      return new RegExp(...(parts as [string, string]))
    case 'ref':
      return new Reference(parts as string)
    case 'bigint':
      return assembleBigint(parts as string)
    case 'utf16':
      return (parts as Buffer).toString('utf16le')
    case '-0':
      return -0
    case 'error':
      return assembleError(parts as ErrorParts)
    case 'buffer':
      return Buffer.from(parts as Buffer)
    default:
      return assembleBinary(kind, parts as Buffer)
  }
}

const BIGINT_END = 10n ** BigInt(limits.bigintDigitsMax)

/** Undefined for one of more digits than `bigintDigitsMax`, before any time is spent on it. */
export function dismantleBigint(value: bigint): Parts | undefined {
  if (value >= BIGINT_END || value <= -BIGINT_END) return undefined
  return { kind: 'bigint', parts: String(value) }
}

export const LONG_BIGINT = `a bigint of more than ${limits.bigintDigitsMax} digits`

function assembleBigint(digits: string): bigint {
  if (digits.length > limits.bigintDigitsMax + '-'.length) throw new UnserialisableError('', LONG_BIGINT)
  return BigInt(digits)
}

/** A string with a lone surrogate, which UTF-8 has no form for. */
export function dismantleText(text: string): Parts {
  return { kind: 'utf16', parts: Buffer.from(text, 'utf16le') }
}

/** Sets an own property whatever its name is: `__proto__` too. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else (object as Record<string, unknown>)[key] = value
}

interface ErrorParts {
  readonly name: string
  readonly message: string
  readonly cause?: unknown
  readonly errors?: unknown
  /** Own enumerable fields: `code`, `details`, … */
  readonly fields: [string, unknown][]
}

function errorParts(error: Error): ErrorParts {
  const own = (name: string) => Object.hasOwn(error, name)
  return {
    name: String(error.name),
    message: String(error.message),
    ...(own('cause') && { cause: error.cause }),
    ...(error instanceof AggregateError && { errors: error.errors }),
    fields: Object.entries(error).filter(
      ([key]) => !['name', 'message', 'cause', 'errors', 'stack'].includes(key),
    ),
  }
}

function assembleError(parts: ErrorParts): Error {
  const options = 'cause' in parts ? { cause: parts.cause } : undefined
  const Class = Object.hasOwn(errors, parts.name) ? errors[parts.name as keyof typeof errors] : Error
  const error =
    'errors' in parts
      ? new AggregateError(parts.errors as unknown[], parts.message, options)
      : new Class(parts.message, options)
  const hidden = { writable: true, enumerable: false, configurable: true }
  if (error.name !== parts.name) Object.defineProperty(error, 'name', { value: parts.name, ...hidden })
  // Where it was put together again says nothing, and would differ from process to process.
  Object.defineProperty(error, 'stack', { value: `${parts.name}: ${parts.message}`, ...hidden })
  for (const [key, value] of parts.fields) setOwn(error, key, value)
  return error
}

function assembleBinary(kind: string, parts: Buffer): unknown {
  const bytes = new Uint8Array(parts)
  if (kind === 'bytes') return bytes
  if (kind === 'arraybuffer') return bytes.buffer
  if (Object.hasOwn(arrays, kind)) return new arrays[kind as keyof typeof arrays](bytes.buffer)
  throw new Error(`stored bytes hold a '${kind}': expected a kind this version knows`)
}

function ownEntries(parts: unknown): object {
  const object = {}
  for (const [key, value] of parts as [string, unknown][]) setOwn(object, key, value)
  return object
}

function bufferOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
