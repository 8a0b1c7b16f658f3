/**
 * A cache that forgets everything once it is full: bounded, and without bookkeeping on the way that is hot.
 */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  /** The value itself, kept until there are too many. */
  keep(key: Key, value: Value): Value {
    if (this.#entries.size >= this.#max) this.#entries.clear()
    this.#entries.set(key, value)
    return value
  }
}
