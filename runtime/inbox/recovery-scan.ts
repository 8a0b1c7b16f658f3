/**
 * After a start: the actors that owe work are found page by page, and each is ordered to count the attempts
 * that were lost with the process before. Also finds again what the dispatch queue had no room for.
 */
import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { Invocation } from '../../actors/record.js'

export class RecoveryScan {
  readonly #journal: Journal
  readonly #limits: Limits
  /** Everything owed at or before this position was begun by an earlier process. */
  readonly #until: number
  #after: Address | undefined
  #done = false
  #rescanning = false
  #rescanAfter: Address | undefined

  /** @param isLeftInOrder whether nothing was lost: what is owed has not begun, or goes on elsewhere. */
  constructor(journal: Journal, limits: Limits, isLeftInOrder: boolean) {
    this.#journal = journal
    this.#limits = limits
    this.#until = isLeftInOrder ? 0 : journal.position
    this.#done = this.#until === 0
    this.#rescanning = isLeftInOrder
  }

  get isDone(): boolean {
    return this.#done
  }

  get isRescanning(): boolean {
    return this.#rescanning
  }

  isLost(invocation: Invocation): boolean {
    return invocation.position <= this.#until
  }

  /** The next page of orders; empty when all have been given. */
  next(): readonly Command[] {
    if (this.#done) return []
    const page = this.#journal.owing(this.#after, this.#limits.dueActorsPageMax)
    this.#after = page.at(-1)
    this.#done = page.length < this.#limits.dueActorsPageMax
    return page.map(address => ({
      kind: 'operator',
      commandId: `${address}.recover.${this.#until}`,
      sender: address,
      target: address,
      order: { type: 'recover', until: this.#until },
    }))
  }

  /** Goes once more through all that owe work. */
  rescan(): void {
    this.#rescanning = true
    this.#rescanAfter = undefined
  }

  nextRescanned(): readonly Address[] {
    if (!this.#rescanning) return []
    const page = this.#journal.owing(this.#rescanAfter, this.#limits.dispatchQueueMax)
    this.#rescanAfter = page.at(-1)
    this.#rescanning = page.length === this.#limits.dispatchQueueMax
    return page
  }
}
