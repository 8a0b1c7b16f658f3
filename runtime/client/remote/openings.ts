/**
 * What a client has begun to follow and cannot rely on yet. Whoever asks about an actor, or sends to it,
 * after that waits until the following stands: nothing falls between the two, though they take different ways.
 */
import type { Address } from '../../../actors/address.js'

export class Openings {
  readonly #open = new Map<Address, Set<Promise<void>>>()

  /** Holds others back until `opening` has ended, well or not. */
  hold(address: Address, opening: Promise<unknown>): void {
    const held = this.#open.get(address) ?? new Set()
    this.#open.set(address, held)
    const done = () => {
      held.delete(over)
      if (held.size === 0 && this.#open.get(address) === held) this.#open.delete(address)
    }
    const over: Promise<void> = opening.then(done, done)
    held.add(over)
  }

  /** Resolves when all that was begun before stands. */
  async passed(address: Address): Promise<void> {
    const held = this.#open.get(address)
    if (held !== undefined) await Promise.all(held)
  }
}
