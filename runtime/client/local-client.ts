/**
 * A client of a service: handles by definition and key, and lists.
 */
import type { AnyActorLogic } from 'xstate'
import { type Address, addressOf } from '../../actors/address.js'
import { behaviour, type Definition } from '../../actors/definition.js'
import { UnknownTypeError } from '../../actors/errors.js'
import type { ActorDefinition, AnyDefinition } from '../../machines/index.js'
import { LocalActorHandle } from './actor-handle.js'
import type { ActorService } from './service.js'
import type { ActorHandle, Listed, ListOptions } from './types.js'

export class LocalClient {
  readonly #service: ActorService

  constructor(service: ActorService) {
    this.#service = service
  }

  actor<L extends AnyActorLogic, S>(definition: ActorDefinition<L, S>, key: string): ActorHandle<L, S> {
    this.#assertKnown(definition)
    return new LocalActorHandle<L, S>(addressOf(definition.type, key), definition[behaviour], this.#service)
  }

  async *list(definition: AnyDefinition, query: ListOptions = {}): AsyncIterable<Listed> {
    this.#assertKnown(definition)
    const { clock, limits } = this.#service
    const { idleMs, limit = Number.POSITIVE_INFINITY, state, tag, status } = query
    let after: Address | undefined
    for (let left = limit; left > 0; ) {
      const page = await this.#service.list({
        roots: true,
        type: definition.type,
        ...(state === undefined ? {} : { state }),
        ...(tag === undefined ? {} : { tag }),
        ...(status === undefined ? {} : { status }),
        ...(idleMs === undefined ? {} : { idleSince: clock.now() - idleMs }),
        ...(after === undefined ? {} : { after }),
        limit: limits.pageRowsMax,
      })
      for (const { address, value, seq } of page) {
        yield { id: address, value, seq }
        if (--left === 0) return
      }
      if (page.length < limits.pageRowsMax) return
      after = page.at(-1)!.address
    }
  }

  #assertKnown(definition: Definition): void {
    const { types } = this.#service
    if (!types.includes(definition.type)) throw new UnknownTypeError(definition.type, types)
  }
}
