/**
 * A name for another actor that can travel: inside an event, a context, a reply. It survives being written
 * down, and means the same actor in another process. It is not the actor: `sendTo` is how one speaks to it.
 */
import type { Address } from './address.js'

export class Reference {
  readonly address: Address

  constructor(address: Address) {
    this.address = address
  }

  /** What XState shows of a reference. */
  get id(): string {
    return this.address
  }

  /** @throws Error always: sending is an effect, and effects leave a step as data. */
  send(): never {
    throw new Error(
      `${this.address} is a reference: use sendTo(ref, event) in the machine, or a client's handle`,
    )
  }
}
