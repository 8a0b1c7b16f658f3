/**
 * How many records in a row a log was given of each actor as what changed, so that its state stands there whole again
 * before that many are too many to put together.
 *
 * Invariants: an actor it does not know is written whole; what it knows is bounded, and who is forgotten is written whole.
 */
import type { Address } from '../../actors/address.js'
import { limits } from '../../actors/limits.js'

interface Chain {
  /** Bytes of the state that stands whole at its beginning. */
  readonly wholeBytes: number
  patches: number
  patchBytes: number
}

export class PatchChains {
  readonly #chains = new Map<Address, Chain>()

  /** Whether the next record of the actor may say only what changed. */
  mayGoOn(address: Address): boolean {
    const chain = this.#chains.get(address)
    return chain !== undefined && chain.patches < limits.logPatchesMax && chain.patchBytes < chain.wholeBytes
  }

  wroteWhole(address: Address, bytes: number): void {
    // The one that was begun longest ago makes room.
    this.#chains.delete(address)
    if (this.#chains.size >= limits.logPatchedActorsMax)
      this.#chains.delete(this.#chains.keys().next().value!)
    this.#chains.set(address, { wholeBytes: bytes, patches: 0, patchBytes: 0 })
  }

  wrotePatch(address: Address, bytes: number): void {
    const chain = this.#chains.get(address)
    if (chain === undefined) return
    chain.patches++
    chain.patchBytes += bytes
  }

  forget(address: Address): void {
    this.#chains.delete(address)
  }
}
