/**
 * A short name for what a value is: equal values have equal digests, in any process and any order of keys.
 *
 * Owns: the canonical form. Object keys are sorted; the order of a Map and of a Set is part of the value, as
 * is a key that is there with undefined. 128 bits: enough that two values do not meet by accident; not a
 * defence against someone who looks for such a pair.
 */
import { hash } from 'node:crypto'
import { UnserialisableError } from './errors.js'
import { dismantle } from './special.js'

const DIGEST_CHARS = 32

const FIRST_BYTES = 4 * 1024
/** What one large value made of the buffer is given back. */
const KEPT_BYTES_MAX = 1024 * 1024
const UTF8_BYTES_A_CHAR = 3
/** Longer texts are handed to what is native: calls out of JavaScript cost more than so many characters in it. */
const SHORT_CHARS = 256
const QUOTES = 2
const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_SHOWN = 0x20
const ASCII_MAX = 0x7e

/**
 * 32 hex digits.
 * @throws UnserialisableError when the value holds what cannot be stored.
 */
export function digest(value: unknown): string {
  end = 0
  putValue(value)
  const found = hash('sha256', bytes.subarray(0, end), 'hex').slice(0, DIGEST_CHARS)
  if (bytes.length > KEPT_BYTES_MAX) bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  return found
}

/** What one command asks for, so that the same id with another payload is noticed. */
export function payloadHash(payload: unknown): string {
  return digest(payload)
}

/** One text a value; no two values share one, since every part carries its type and its length or an end. */
function putValue(value: unknown): void {
  switch (typeof value) {
    case 'string':
      return putQuoted(value)
    case 'number':
      return put(Object.is(value, -0) ? '-0' : String(value))
    case 'boolean':
      return put(value ? 'true' : 'false')
    case 'undefined':
      return put('undefined')
    case 'bigint':
      return put(`${value}n`)
    case 'object':
      return value === null ? put('null') : putObject(value)
    default:
      throw new UnserialisableError('', `a ${typeof value}`)
  }
}

function putObject(value: object): void {
  if (Array.isArray(value)) return putItems(value)
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return putFields(value)
  const special = dismantle(value)
  if (special === undefined) throw new UnserialisableError('', 'an instance of a class')
  const { kind, parts } = special
  put(`${kind}(`)
  if (Buffer.isBuffer(parts)) put(parts.toString('base64'))
  else putValue(parts)
  put(')')
}

function putItems(items: readonly unknown[]): void {
  put('[')
  for (let index = 0; index < items.length; index++) {
    if (index > 0) put(',')
    putValue(items[index])
  }
  put(']')
}

function putFields(value: object): void {
  const fields = value as Record<string, unknown>
  put('{')
  let isFirst = true
  for (const key of sortedKeys(fields)) {
    if (!isFirst) put(',')
    isFirst = false
    putQuoted(key)
    put(':')
    putValue(fields[key])
  }
  put('}')
}

/** The canonical text at hand, as UTF-8: put together as a string it would be garbage of five times its length. */
let bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
let end = 0

function put(text: string): void {
  makeRoom(text.length)
  const start = end
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > ASCII_MAX) {
      end = start + bytes.write(text, start, 'utf8')
      return
    }
    bytes[end++] = code
  }
}

/** A text as JSON has it, which most are already. */
function putQuoted(text: string): void {
  if (text.length > SHORT_CHARS) return putLong(JSON.stringify(text))
  makeRoom(text.length)
  const start = end
  bytes[end++] = QUOTE
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code < FIRST_SHOWN || code > ASCII_MAX || code === QUOTE || code === BACKSLASH) {
      end = start
      return put(JSON.stringify(text))
    }
    bytes[end++] = code
  }
  bytes[end++] = QUOTE
}

function putLong(text: string): void {
  makeRoom(text.length)
  end += bytes.write(text, end, 'utf8')
}

function makeRoom(chars: number): void {
  const needed = end + chars * UTF8_BYTES_A_CHAR + QUOTES
  if (needed <= bytes.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(needed, bytes.length * 2))
  bytes.copy(larger, 0, 0, end)
  bytes = larger
}

/** The most that are quicker sorted by hand. */
const FEW = 16

function sortedKeys(fields: object): readonly string[] {
  const keys = Object.keys(fields)
  if (keys.length > FEW) return keys.sort()
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index]!
    let at = index
    for (; at > 0 && keys[at - 1]! > key; at--) keys[at] = keys[at - 1]!
    keys[at] = key
  }
  return keys
}
