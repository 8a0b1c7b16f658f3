/** One page of a history while it is gathered: never more entries than asked for, and few past its bytes. */
import type { JournalEntry } from '../actors/commit.js'

export class EntryPage {
  readonly entries: JournalEntry[] = []
  readonly #limit: number
  #bytesLeft: number

  constructor(limit: number, bytesMax: number) {
    this.#limit = limit
    this.#bytesLeft = bytesMax
  }

  get isFull(): boolean {
    return this.entries.length >= this.#limit || (this.#bytesLeft <= 0 && this.entries.length > 0)
  }

  add(entry: JournalEntry, bytes: number): void {
    this.entries.push(entry)
    this.#bytesLeft -= bytes
  }
}
