/**
 * Who is due when, earliest first, for actors that are not settled yet. An actor that is written again is
 * not looked for in here: it is pushed again, and what no longer holds is dropped when it comes up.
 */
import type { Address } from '../../actors/address.js'
import type { DueActor } from '../../actors/journal.js'

export class DueHeap {
  #items: DueActor[] = []
  readonly #holds: (item: DueActor) => boolean

  /** `holds`: whether the actor is still due then. */
  constructor(holds: (item: DueActor) => boolean) {
    this.#holds = holds
  }

  push(item: DueActor): void {
    const items = this.#items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(item, items[above]!)) break
      items[at] = items[above]!
      at = above
    }
    items[at] = item
  }

  peek(): DueActor | undefined {
    while (this.#items.length > 0 && !this.#holds(this.#items[0]!)) this.#pop()
    return this.#items[0]
  }

  /** Up to `limit` that are due by `until`, earliest first; they stay. */
  upTo(until: number, limit: number): DueActor[] {
    const found = new Map<Address, DueActor>()
    while (found.size < limit) {
      const next = this.peek()
      if (next === undefined || next.dueAt > until) break
      found.set(next.address, next)
      this.#pop()
    }
    for (const item of found.values()) this.push(item)
    return [...found.values()]
  }

  #pop(): void {
    const items = this.#items
    const last = items.pop()
    if (last === undefined || items.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= items.length) break
      if (below + 1 < items.length && isBefore(items[below + 1]!, items[below]!)) below++
      if (!isBefore(items[below]!, last)) break
      items[at] = items[below]!
      at = below
    }
    items[at] = last
  }
}

/** The order every implementation answers in: earliest first, then by address. */
export function isBefore(a: DueActor, b: DueActor): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.address < b.address)
}
