/**
 * The actors of the shards that a member owns now, as an inspector sees them. Whoever follows their steps goes on
 * doing so on shards that come, and is told of those that go.
 */
import type { Address } from '../../actors/address.js'
import type { Journal } from '../../actors/journal.js'
import type { FollowedStep } from '../dispatch/followers.js'
import type { Shard } from '../embedded/embedded-service.js'
import type { InspectQuery } from '../inspect/options.js'
import { type InspectSource, listIn } from '../inspect/source.js'
import type { Life } from '../step/life.js'

type Listener = (step: FollowedStep) => void
type LeaveListener = Parameters<InspectSource['onLeave']>[0]

export class MemberActors implements InspectSource {
  readonly #shardOf: (address: Address) => number
  readonly #shards = new Map<number, Shard>()
  readonly #listeners = new Set<Listener>()
  readonly #leaveListeners = new Set<LeaveListener>()
  readonly #unfollow = new Map<number, () => void>()

  constructor(shardOf: (address: Address) => number) {
    this.#shardOf = shardOf
  }

  add(number: number, shard: Shard): void {
    this.#shards.set(number, shard)
    this.#follow(number, shard)
  }

  remove(number: number): void {
    this.#shards.delete(number)
    this.#leave(number)
    for (const listener of this.#leaveListeners) listener(address => this.#shardOf(address) === number)
  }

  read(address: Address): Life | undefined {
    return this.#at(address)?.host.read(address)
  }

  list(query: InspectQuery, limit: number): readonly Address[] {
    const running = [...this.#shards.values()].filter(shard => !shard.host.isOver)
    return running
      .flatMap(shard => listIn(shard, query, limit))
      .sort()
      .slice(0, limit)
  }

  journalOf(address: Address): Journal | undefined {
    return this.#at(address)?.journal
  }

  onEveryStep(listener: Listener): () => void {
    this.#listeners.add(listener)
    for (const [number, shard] of this.#shards) this.#follow(number, shard)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) for (const number of [...this.#unfollow.keys()]) this.#leave(number)
    }
  }

  onLeave(listener: LeaveListener): () => void {
    this.#leaveListeners.add(listener)
    return () => {
      this.#leaveListeners.delete(listener)
    }
  }

  /** Undefined while it is owned elsewhere. */
  #at(address: Address): Shard | undefined {
    const shard = this.#shards.get(this.#shardOf(address))
    return shard?.host.isOver === false ? shard : undefined
  }

  /** While nobody listens, nothing is followed. */
  #follow(number: number, shard: Shard): void {
    if (this.#listeners.size === 0) return
    this.#leave(number)
    const tell = (step: FollowedStep) => {
      for (const listener of this.#listeners) listener(step)
    }
    this.#unfollow.set(number, shard.host.followers.onEveryStep(tell))
  }

  #leave(number: number): void {
    this.#unfollow.get(number)?.()
    this.#unfollow.delete(number)
  }
}
