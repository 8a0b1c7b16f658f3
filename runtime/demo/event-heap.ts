/**
 * A binary heap of what will happen, earliest first; what happens at the same time comes out in the order it
 * was put in.
 */
export interface Dated {
  /** Milliseconds since 1970. */
  readonly at: number
}

interface Entry<Item> {
  readonly item: Item
  readonly rank: number
}

export class EventHeap<Item extends Dated> {
  readonly #entries: Entry<Item>[] = []
  #rank = 0

  get size(): number {
    return this.#entries.length
  }

  /** When the earliest is due; Infinity for none. */
  get nextAt(): number {
    return this.#entries[0]?.item.at ?? Number.POSITIVE_INFINITY
  }

  push(item: Item): void {
    const entries = this.#entries
    const entry = { item, rank: this.#rank++ }
    let index = entries.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(entry, entries[parent]!)) break
      entries[index] = entries[parent]!
      index = parent
    }
    entries[index] = entry
  }

  pop(): Item | undefined {
    const entries = this.#entries
    const first = entries[0]
    const last = entries.pop()
    if (first === undefined || last === undefined) return undefined
    if (entries.length > 0) this.#sink(last)
    return first.item
  }

  #sink(entry: Entry<Item>): void {
    const entries = this.#entries
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      if (left >= entries.length) break
      const right = left + 1
      const least = right < entries.length && isBefore(entries[right]!, entries[left]!) ? right : left
      if (!isBefore(entries[least]!, entry)) break
      entries[index] = entries[least]!
      index = least
    }
    entries[index] = entry
  }
}

function isBefore(a: Entry<Dated>, b: Entry<Dated>): boolean {
  return a.item.at < b.item.at || (a.item.at === b.item.at && a.rank < b.rank)
}
