/**
 * The first items of a list in its stored form, without reading the rest: who a record is of, not what is in it.
 *
 * Owns: texts and numbers as the plain writer writes them. Whatever else it meets it leaves to who decodes the whole.
 */

type Item = string | number

/** Answers undefined when the bytes are no list of so many items, or one of these is neither text nor number. */
export function leadingItems(bytes: Buffer, count: number): readonly Item[] | undefined {
  const reader = new Reader(bytes)
  if (reader.listLength() < count) return undefined
  const items: Item[] = []
  while (items.length < count) {
    const item = reader.next()
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** 0 when there is no list. */
  listLength(): number {
    const word = this.#bytes[this.#at++]!
    if ((word & 0xf0) === 0x90) return word & 0x0f
    return word === 0xdc ? this.#uint(2) : 0
  }

  next(): Item | undefined {
    const word = this.#bytes[this.#at++]!
    if (word < 0x80) return word
    if ((word & 0xe0) === 0xa0) return this.#text(word & 0x1f)
    switch (word) {
      case 0xd9:
        return this.#text(this.#uint(1))
      case 0xda:
        return this.#text(this.#uint(2))
      case 0xcc:
        return this.#uint(1)
      case 0xcd:
        return this.#uint(2)
      case 0xce:
        return this.#uint(4)
      case 0xcb:
        this.#at += 8
        return this.#bytes.readDoubleBE(this.#at - 8)
      default:
        return undefined
    }
  }

  #uint(length: number): number {
    this.#at += length
    return this.#bytes.readUIntBE(this.#at - length, length)
  }

  #text(length: number): string {
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }
}
