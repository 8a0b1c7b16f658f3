/**
 * The embedded inbox: commands from this process, in memory, bounded. A sender hears after the commit.
 */
import { OverloadedError } from '../../actors/errors.js'
import type { Delivery, Inbox } from '../../actors/inbox.js'
import { Queue } from './queue.js'

export class MemoryInbox implements Inbox {
  readonly #queue = new Queue<Delivery>()
  readonly #max: number
  #listener: () => void = () => {}

  constructor(max: number) {
    this.#max = max
  }

  /** @throws OverloadedError when as many wait as may. */
  offer(delivery: Delivery): void {
    if (this.#queue.size >= this.#max)
      throw new OverloadedError('the inbox', this.#max, delivery.command.target)
    this.#queue.push(delivery)
    this.#listener()
  }

  take(max: number): readonly Delivery[] {
    const taken: Delivery[] = []
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      taken.push(next)
      if (taken.length >= max) break
    }
    return taken
  }

  get size(): number {
    return this.#queue.size
  }

  onArrival(listener: () => void): void {
    this.#listener = listener
  }
}
