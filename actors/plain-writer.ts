/**
 * Plain values as MessagePack, in one pass, into one buffer that grows: numbers, texts, lists and objects, which
 * is all there is in nearly every payload, state, entry and record.
 *
 * Does not own what becomes of the rest: `write` answers false at the first thing that is not plain, and leaves
 * nothing of the value behind. What it writes msgpackr reads: it is that library's own form.
 */

const FIRST_BYTES = 16 * 1024
/** What one large value made of the buffer is given back. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024
/** The most that anything but a text or bytes takes. */
const WORD_BYTES = 9
/** Longer texts are handed to what is native: a call out of JavaScript costs as much as so many characters in it. */
const SHORT_CHARS = 28
const UTF8_BYTES_A_CHAR = 3
/** Fewer bytes are copied one by one, for the same reason. */
const COPIED_BY_HAND_MAX = 64

/** Keys that mean something in the stored form, or to the language. */
export type IsReserved = (key: string) => boolean

export class PlainWriter {
  readonly #isReserved: IsReserved
  readonly #levelsMax: number
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #view = viewOf(this.#bytes)
  #end = 0
  #levels = 0
  #looksForSymbols = true

  /** @param levelsMax how deep what the engine itself writes may nest. */
  constructor(isReserved: IsReserved, levelsMax: number) {
    this.#isReserved = isReserved
    this.#levelsMax = levelsMax
  }

  /** Bytes written. */
  get length(): number {
    return this.#end
  }

  /** What was written since; a copy. */
  since(start: number): Buffer {
    const length = this.#end - start
    const copy = Buffer.allocUnsafe(length)
    if (length > COPIED_BY_HAND_MAX) this.#bytes.copy(copy, 0, start, this.#end)
    else for (let at = 0; at < length; at++) copy[at] = this.#bytes[start + at]!
    return copy
  }

  /** Takes back all that was written since. */
  truncate(length: number): void {
    this.#end = length
    if (length === 0 && this.#bytes.length > KEPT_BYTES_MAX) this.#use(Buffer.allocUnsafeSlow(FIRST_BYTES))
  }

  /**
   * A value, if it is plain and nests no deeper than that.
   * @param looksForSymbols whether an object may have keys that are symbols, which nothing has room for.
   */
  write(value: unknown, levels: number, looksForSymbols: boolean): boolean {
    const start = this.#end
    this.#levels = levels
    this.#looksForSymbols = looksForSymbols
    if (this.#value(value, 0)) return true
    this.#end = start
    return false
  }

  /**
   * Begins a list of so many items, each to be written by `item`: what is written often need not be made a list first.
   * Who began it takes it back (`truncate`) when an item is not plain.
   */
  list(count: number): void {
    this.#levels = this.#levelsMax
    this.#looksForSymbols = false
    this.#makeRoom(WORD_BYTES)
    this.#head(count, 0x90, 0xdc)
  }

  /** The next item of the list at hand, if it is plain. */
  item(value: unknown): boolean {
    return this.#value(value, 1)
  }

  /** The same of what is known to be a text: nothing has to be asked. */
  text(text: string): boolean {
    return this.#text(text)
  }

  /** The same of a number. */
  number(value: number): boolean {
    this.#makeRoom(WORD_BYTES)
    return this.#number(value)
  }

  writeBytes(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** Room for a number that is set later; answers where. */
  reserve(length: number): number {
    this.#makeRoom(length)
    this.#end += length
    return this.#end - length
  }

  setUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true)
  }

  #value(value: unknown, depth: number): boolean {
    this.#makeRoom(WORD_BYTES)
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        return this.#number(value)
      case 'boolean':
        this.#bytes[this.#end++] = value ? 0xc3 : 0xc2
        return true
      case 'undefined':
        // An extension of one byte, as msgpackr has it.
        this.#bytes[this.#end++] = 0xd4
        this.#bytes[this.#end++] = 0
        this.#bytes[this.#end++] = 0
        return true
      case 'object':
        if (value !== null) return depth <= this.#levels && this.#object(value, depth)
        this.#bytes[this.#end++] = 0xc0
        return true
      default:
        return false
    }
  }

  #object(value: object, depth: number): boolean {
    const prototype = Object.getPrototypeOf(value)
    if (prototype === Array.prototype) return this.#list(value as readonly unknown[], depth)
    if (prototype !== Object.prototype) return false
    if (this.#looksForSymbols && Object.getOwnPropertySymbols(value).length > 0) return false
    // How many keys there are is known behind the last: a list of them would be garbage for every object.
    const headAt = this.#end++
    let count = 0
    for (const key in value) {
      if (mayBeReserved(key) && this.#isReserved(key)) return false
      if (!this.#text(key) || !this.#value((value as Record<string, unknown>)[key], depth + 1)) return false
      count++
    }
    if (count < 16) this.#bytes[headAt] = 0x80 | count
    else this.#longObject(headAt, count)
    return true
  }

  /** Puts a longer head before what was written behind a short one. */
  #longObject(headAt: number, count: number): void {
    const behind = headAt + 1
    const longer = count <= 0xffff ? 2 : 4
    this.#makeRoom(longer)
    const end = this.#end + longer
    this.#bytes.copyWithin(behind + longer, behind, this.#end)
    this.#end = headAt
    this.#head(count, 0x80, 0xde)
    this.#end = end
  }

  #list(items: readonly unknown[], depth: number): boolean {
    this.#head(items.length, 0x90, 0xdc)
    for (let index = 0; index < items.length; index++) if (!this.#value(items[index], depth + 1)) return false
    return true
  }

  /** How many follow: within one byte, or after a byte that says how long the number is. */
  #head(count: number, short: number, long: number): void {
    if (count < 16) this.#bytes[this.#end++] = short | count
    else if (count <= 0xffff) {
      this.#bytes[this.#end] = long
      this.#view.setUint16(this.#end + 1, count)
      this.#end += 3
    } else {
      this.#bytes[this.#end] = long + 1
      this.#view.setUint32(this.#end + 1, count)
      this.#end += 5
    }
  }

  #number(value: number): boolean {
    if (value >>> 0 === value && !Object.is(value, -0)) {
      if (value < 0x80) this.#bytes[this.#end++] = value
      else if (value <= 0xff) {
        this.#bytes[this.#end++] = 0xcc
        this.#bytes[this.#end++] = value
      } else if (value <= 0xffff) {
        this.#bytes[this.#end] = 0xcd
        this.#view.setUint16(this.#end + 1, value)
        this.#end += 3
      } else {
        this.#bytes[this.#end] = 0xce
        this.#view.setUint32(this.#end + 1, value)
        this.#end += 5
      }
      return true
    }
    if (value === 0) return false
    this.#bytes[this.#end] = 0xcb
    this.#view.setFloat64(this.#end + 1, value)
    this.#end += 9
    return true
  }

  #text(text: string): boolean {
    const { length } = text
    this.#makeRoom(length * UTF8_BYTES_A_CHAR + WORD_BYTES)
    if (length > SHORT_CHARS) return this.#longText(text)
    const start = this.#end
    let at = this.#textHead(start, length)
    const bytes = this.#bytes
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) return this.#longText(text)
      bytes[at++] = code
    }
    this.#end = at
    return true
  }

  #longText(text: string): boolean {
    const start = this.#textHead(this.#end, text.length)
    // What is not ASCII, lone surrogates among it, takes more bytes than it has characters.
    if (this.#bytes.write(text, start) === text.length) {
      this.#end = start + text.length
      return true
    }
    if (!text.isWellFormed()) return false
    const length = Buffer.byteLength(text)
    this.#end = this.#textHead(this.#end, length)
    this.#end += this.#bytes.write(text, this.#end, length, 'utf8')
    return true
  }

  /** Answers where the text itself goes. */
  #textHead(at: number, length: number): number {
    if (length < 32) {
      this.#bytes[at] = 0xa0 | length
      return at + 1
    }
    if (length <= 0xff) {
      this.#bytes[at] = 0xd9
      this.#bytes[at + 1] = length
      return at + 2
    }
    const isLong = length > 0xffff
    this.#bytes[at] = isLong ? 0xdb : 0xda
    if (isLong) this.#view.setUint32(at + 1, length)
    else this.#view.setUint16(at + 1, length)
    return at + (isLong ? 5 : 3)
  }

  #makeRoom(length: number): void {
    const needed = this.#end + length
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#use(larger)
  }

  #use(bytes: Buffer): void {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
  }
}

/** Reserved keys begin with NUL or an underscore, or are no good text, which writing them finds out. */
function mayBeReserved(key: string): boolean {
  const first = key.charCodeAt(0)
  return first === 0 || first === UNDERSCORE
}

const UNDERSCORE = 0x5f

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
