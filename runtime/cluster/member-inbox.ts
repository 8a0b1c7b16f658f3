/**
 * The inbox of a shard that a member owns: what operators order here, what other shards sent, what came from outside,
 * in that order of precedence. Each source keeps its own order, which is all that is promised.
 */
import type { Delivery, Inbox } from '../../actors/inbox.js'
import type { OpenInbox } from '../embedded/embedded-service.js'
import type { MemoryInbox } from '../inbox/memory-inbox.js'

export class MemberInbox implements Inbox, OpenInbox {
  readonly #orders: MemoryInbox
  readonly #streams: readonly Inbox[]

  constructor(orders: MemoryInbox, streams: readonly Inbox[]) {
    this.#orders = orders
    this.#streams = streams
  }

  offer(delivery: Delivery): void {
    this.#orders.offer(delivery)
  }

  take(max: number): readonly Delivery[] {
    const taken = [...this.#orders.take(max)]
    for (const stream of this.#streams) {
      if (taken.length >= max) break
      taken.push(...stream.take(max - taken.length))
    }
    return taken
  }

  get size(): number {
    return this.#streams.reduce((sum, stream) => sum + stream.size, this.#orders.size)
  }

  get refused(): number {
    return this.#orders.refused
  }

  onArrival(listener: () => void): void {
    for (const inbox of [this.#orders, ...this.#streams]) inbox.onArrival(listener)
  }
}
