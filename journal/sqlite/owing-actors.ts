/**
 * All actors that owe work, in address order, read a page at a time: those in rows, and over them those that were not
 * settled when it began. Neither is gone through twice, however much of either the other hides.
 */
import type { Address } from '../../actors/address.js'
import { SetupError } from '../../actors/errors.js'
import type { StoredRecord } from '../../actors/journal.js'
import type { ActorTable, OwingRow } from './actor-table.js'
import type { Records } from './records.js'
import type { Unsettled } from './unsettled.js'

export class OwingActors {
  readonly #table: ActorTable
  readonly #records: Records
  readonly #unsettled: () => Unsettled
  /** Not settled when this began, in order; and the first of them that was not looked at. */
  readonly #addresses: readonly Address[]
  #next = 0
  #after: Address = ''

  constructor(table: ActorTable, records: Records, unsettled: () => Unsettled) {
    this.#table = table
    this.#records = records
    this.#unsettled = unsettled
    const addresses: Address[] = []
    for (const { address, index } of unsettled().actors()) if (index.owes) addresses.push(address)
    this.#addresses = addresses.sort()
  }

  next(limit: number): StoredRecord[] {
    for (;;) {
      const found = this.#page(limit)
      const last = found.at(-1)
      if (last === undefined) return []
      this.#after = last.address
      const page = found.flatMap(({ read }) => whole(read))
      if (page.length > 0) return page
    }
  }

  #page(limit: number): OwingRow[] {
    const unsettled = this.#unsettled()
    for (;;) {
      const rows = this.#table.owing(this.#after, limit)
      const last = rows.at(-1)?.address
      const isEnd = rows.length < limit
      const visible = rows.filter(row => !unsettled.has(row.address))
      const found = [...visible, ...this.#unsettledUpTo(isEnd ? undefined : last, limit)]
      if (found.length > 0 || isEnd) return found.sort(inOrder).slice(0, limit)
      this.#after = last!
    }
  }

  /** Those that are not settled yet, up to an address, from where this has come to: no more than so many. */
  #unsettledUpTo(last: Address | undefined, limit: number): OwingRow[] {
    const found: OwingRow[] = []
    const unsettled = this.#unsettled()
    const addresses = this.#addresses
    while (this.#next < addresses.length && addresses[this.#next]! <= this.#after) this.#next++
    for (let at = this.#next; at < addresses.length && found.length < limit; at++) {
      const address = addresses[at]!
      if (last !== undefined && address > last) break
      if (unsettled.find(address)?.index.owes === true)
        found.push({ address, read: () => this.#records.read(address)! })
    }
    return found
  }
}

/** The damage was reported where it was found: one that cannot be read is no reason to stop at it. */
function whole(read: () => StoredRecord): StoredRecord[] {
  try {
    return [read()]
  } catch (error) {
    if (error instanceof SetupError) return []
    throw error
  }
}

function inOrder(a: OwingRow, b: OwingRow): number {
  return a.address < b.address ? -1 : 1
}
