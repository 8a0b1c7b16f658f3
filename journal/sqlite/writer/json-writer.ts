/**
 * Plain values in their stored form (`actors/plain-writer.ts`) as JSON for people, from bytes to bytes: nothing is made
 * of them in between. The same text as `toJson` of the value, byte for byte.
 *
 * Does not own what becomes of the rest: `value` answers false at the first thing that is not plain.
 */

const FIRST_BYTES = 16 * 1024
/** What one long page made of the buffer is given back. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024
/** `\u001f`: the most that one byte of a text becomes. */
const ESCAPED_BYTES = 6
/** The longest number, and what stands around it. */
const WORD_BYTES = 32

const QUOTE = 0x22
const DOLLAR = 0x24
const COMMA = 0x2c
const ZERO = 0x30
const COLON = 0x3a
const BACKSLASH = 0x5c
const TEN_DIGITS = 10_000_000_000

export class JsonWriter {
  #from: Buffer = Buffer.alloc(0)
  #at = 0
  #to: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #end = 0

  /** Bytes written. */
  get length(): number {
    return this.#end
  }

  /** What was written; a view, good until the next is begun. */
  get written(): Buffer {
    return this.#to.subarray(0, this.#end)
  }

  /** Takes back all that was written since. */
  truncate(length: number): void {
    this.#end = length
    if (length === 0 && this.#to.length > KEPT_BYTES_MAX) this.#to = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  /** Values are read from the beginning of these from now on. */
  read(from: Buffer): void {
    this.#from = from
    this.#at = 0
  }

  /** Where the next value to read begins; to be gone back to. */
  get place(): number {
    return this.#at
  }

  goTo(place: number): void {
    this.#at = place
  }

  /** Reads the head of a list: how many items follow; -1 when there is none. */
  list(): number {
    const word = this.#from[this.#at++]!
    if ((word & 0xf0) === 0x90) return word & 0x0f
    if (word === 0xdc) return this.#uint(2)
    return word === 0xdd ? this.#uint(4) : -1
  }

  /** Whether the next value is there and undefined. */
  get isUndefined(): boolean {
    return this.#from[this.#at] === 0xd4 && this.#from[this.#at + 1] === 0
  }

  /** The first character of the text that is next; -1 when it is no short text. */
  get initial(): number {
    return (this.#from[this.#at]! & 0xe0) === 0xa0 ? this.#from[this.#at + 1]! : -1
  }

  /** Passes over values. Answers false at what is not plain. */
  skip(count: number): boolean {
    for (let left = count; left > 0; left--) {
      const word = this.#from[this.#at++]!
      if (word < 0x80 || word === 0xc0 || word === 0xc2 || word === 0xc3) continue
      const bytes = this.#bytesBehind(word)
      if (bytes >= 0) {
        this.#at += bytes
        continue
      }
      const items = this.#itemsBehind(word)
      if (items < 0) return false
      left += items
    }
    return true
  }

  /** Writes what stands for itself: ASCII. */
  literal(text: string): void {
    this.#makeRoom(text.length)
    for (let index = 0; index < text.length; index++) this.#to[this.#end++] = text.charCodeAt(index)
  }

  /** Writes any text, JSON already. */
  json(text: string): void {
    this.#makeRoom(Buffer.byteLength(text))
    this.#end += this.#to.write(text, this.#end)
  }

  /** Writes the next value, if it is plain. */
  value(): boolean {
    const word = this.#from[this.#at++]!
    if (word < 0x80) return this.#integer(word)
    if ((word & 0xe0) === 0xa0) return this.#text(word & 0x1f, false)
    if ((word & 0xf0) === 0x80) return this.#object(word & 0x0f)
    if ((word & 0xf0) === 0x90) return this.#items(word & 0x0f)
    switch (word) {
      case 0xc0:
        return this.#fixed('null')
      case 0xc2:
        return this.#fixed('false')
      case 0xc3:
        return this.#fixed('true')
      case 0xcb:
        return this.#double()
      case 0xcc:
        return this.#integer(this.#uint(1))
      case 0xcd:
        return this.#integer(this.#uint(2))
      case 0xce:
        return this.#integer(this.#uint(4))
      case 0xd4:
        this.#at += 2
        return this.#from[this.#at - 2] === 0 && this.#fixed('{"$undefined":true}')
      case 0xd9:
        return this.#text(this.#uint(1), false)
      case 0xda:
        return this.#text(this.#uint(2), false)
      case 0xdb:
        return this.#text(this.#uint(4), false)
      case 0xdc:
        return this.#items(this.#uint(2))
      case 0xdd:
        return this.#items(this.#uint(4))
      case 0xde:
        return this.#object(this.#uint(2))
      case 0xdf:
        return this.#object(this.#uint(4))
      default:
        return false
    }
  }

  /** Bytes of a number or a text behind the first; -1 for anything else. */
  #bytesBehind(word: number): number {
    if ((word & 0xe0) === 0xa0) return word & 0x1f
    switch (word) {
      case 0xcb:
        return 8
      case 0xcc:
        return 1
      case 0xcd:
      case 0xd4:
        return 2
      case 0xce:
        return 4
      case 0xd9:
        return this.#uint(1)
      case 0xda:
        return this.#uint(2)
      case 0xdb:
        return this.#uint(4)
      default:
        return -1
    }
  }

  /** Values in a list or an object; -1 for anything else. */
  #itemsBehind(word: number): number {
    if ((word & 0xf0) === 0x80) return (word & 0x0f) * 2
    if (word === 0xde || word === 0xdf) return this.#uint(word === 0xde ? 2 : 4) * 2
    this.#at--
    return this.list()
  }

  #fixed(text: string): boolean {
    this.literal(text)
    return true
  }

  #items(count: number): boolean {
    this.literal('[')
    for (let item = 0; item < count; item++) {
      if (item > 0) this.#to[this.#end++] = COMMA
      if (!this.value()) return false
      this.#makeRoom(WORD_BYTES)
    }
    this.literal(']')
    return true
  }

  #object(count: number): boolean {
    this.literal('{')
    for (let field = 0; field < count; field++) {
      if (field > 0) this.#to[this.#end++] = COMMA
      if (!this.#key()) return false
      this.#makeRoom(WORD_BYTES)
      this.#to[this.#end++] = COLON
      if (!this.value()) return false
      this.#makeRoom(WORD_BYTES)
    }
    this.literal('}')
    return true
  }

  #key(): boolean {
    const word = this.#from[this.#at++]!
    if ((word & 0xe0) === 0xa0) return this.#text(word & 0x1f, true)
    if (word === 0xd9) return this.#text(this.#uint(1), true)
    if (word === 0xda) return this.#text(this.#uint(2), true)
    return word === 0xdb && this.#text(this.#uint(4), true)
  }

  /** A key that begins with `$` gets another: such keys say what JSON has no form for. */
  #text(length: number, isKey: boolean): boolean {
    this.#makeRoom(length * ESCAPED_BYTES + WORD_BYTES)
    const from = this.#from
    const to = this.#to
    const stop = this.#at + length
    let end = this.#end
    to[end++] = QUOTE
    if (isKey && length > 0 && from[this.#at] === DOLLAR) to[end++] = DOLLAR
    for (let at = this.#at; at < stop; at++) {
      const byte = from[at]!
      if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) to[end++] = byte
      else for (const char of ESCAPES[byte]!) to[end++] = char
    }
    to[end++] = QUOTE
    this.#end = end
    this.#at = stop
    return true
  }

  #double(): boolean {
    const value = this.#from.readDoubleBE(this.#at)
    this.#at += 8
    if (Number.isSafeInteger(value) && value > 0) return this.#integer(value)
    if (!Number.isFinite(value)) return false
    return this.#fixed(String(value))
  }

  /** Not below 0. */
  #integer(value: number): boolean {
    this.#makeRoom(WORD_BYTES)
    if (value < 10) {
      this.#to[this.#end++] = ZERO + value
      return true
    }
    const to = this.#to
    let digits = 2
    for (let bound = 100; value >= bound; bound *= 10) digits++
    let at = this.#end + digits
    this.#end = at
    let rest = value
    // Division is cheap within 32 bits.
    while (rest >= TEN_DIGITS / 10) {
      const fewer = Math.floor(rest / 10)
      to[--at] = ZERO + (rest - fewer * 10)
      rest = fewer
    }
    for (let small = rest | 0; at > this.#end - digits; small = (small / 10) | 0)
      to[--at] = ZERO + (small % 10)
    return true
  }

  #uint(length: number): number {
    this.#at += length
    return this.#from.readUIntBE(this.#at - length, length)
  }

  /** What there is always room for besides: a sign or two. */
  #makeRoom(length: number): void {
    const needed = this.#end + length + WORD_BYTES
    if (needed <= this.#to.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#to.length * 2))
    this.#to.copy(larger, 0, 0, this.#end)
    this.#to = larger
  }
}

/** What JSON has for a character that cannot stand in a text as it is. */
const ESCAPES: readonly (Buffer | undefined)[] = Array.from({ length: BACKSLASH + 1 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH
    ? Buffer.from(JSON.stringify(String.fromCharCode(byte)).slice(1, -1))
    : undefined,
)
