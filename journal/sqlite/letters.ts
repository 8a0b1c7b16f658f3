/** Dead letters as of the last commit: those in rows without those settled since, then those not in rows yet. */
import type { KeptLetter } from '../../actors/journal.js'
import { letterPlace } from '../letter-id.js'
import type { LetterTable } from './letter-table.js'
import type { Unsettled } from './unsettled.js'

/**
 * Rows may be ahead of what is known to be settled. So a row counts only when its letter came before all that is
 * unsettled here, and one that is gone from here takes off the count only where its row is still there.
 */
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
    const unsettled = this.#unsettled()
    for (const letter of this.#table.between(after, unsettled.firstNumber))
      if (!unsettled.isLetterSettled(letter.id)) yield letter
    for (const letter of unsettled.deadLetters())
      if (!unsettled.isLetterSettled(letter.id) && (after === undefined || letter.id > after)) yield letter
  }

  find(id: string): KeptLetter | undefined {
    const place = letterPlace(id)
    const unsettled = this.#unsettled()
    if (place === undefined || unsettled.isLetterSettled(id)) return undefined
    if (place.commit >= unsettled.firstNumber) return unsettled.deadLetter(id)
    return this.#table.find(place)
  }

  /** Asks more than once: to be called within a transaction. */
  count(): number {
    const unsettled = this.#unsettled()
    const before = unsettled.firstNumber
    const gone = [...unsettled.settledLetters()].filter(id => {
      const place = letterPlace(id)
      return place !== undefined && place.commit < before && this.#table.find(place) !== undefined
    })
    const kept = unsettled.deadLetters().filter(letter => !unsettled.isLetterSettled(letter.id))
    return this.#table.count(before) - gone.length + kept.length
  }
}
