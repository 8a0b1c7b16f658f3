/** Dead letters as of the last commit: those in rows without those settled since, then those not in rows yet. */
import type { KeptLetter } from '../../actors/journal.js'
import { letterPlace } from '../letter-id.js'
import type { LetterTable } from './letter-table.js'
import type { Unsettled } from './unsettled.js'

export class Letters {
  readonly #table: LetterTable
  readonly #unsettled: () => Unsettled

  constructor(table: LetterTable, unsettled: () => Unsettled) {
    this.#table = table
    this.#unsettled = unsettled
  }

  page(after: string | undefined, limit: number): KeptLetter[] {
    const page: KeptLetter[] = []
    for (const letter of this.#after(after)) {
      if (page.length >= limit) break
      page.push(letter)
    }
    return page
  }

  *#after(after: string | undefined): IterableIterator<KeptLetter> {
    const gone = this.#unsettled().settledLetters()
    for (const letter of this.#table.after(after)) if (!gone.has(letter.id)) yield letter
    for (const letter of this.#unsettled().deadLetters())
      if (!gone.has(letter.id) && (after === undefined || letter.id > after)) yield letter
  }

  find(id: string): KeptLetter | undefined {
    const place = letterPlace(id)
    const unsettled = this.#unsettled()
    if (place === undefined || unsettled.isLetterSettled(id)) return undefined
    return unsettled.deadLetter(id) ?? this.#table.find(place)
  }

  count(): number {
    const unsettled = this.#unsettled()
    return this.#table.count() + unsettled.deadLetters().length - unsettled.settledLetters().size
  }
}
