/**
 * The embedded inbox: commands from this process, in memory, bounded. A sender hears after the commit.
 */
import { OverloadedError } from '../../actors/errors.js'
import type { Delivery, Inbox } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import { Queue } from './queue.js'

export class MemoryInbox implements Inbox {
  readonly #queue = new Queue<Delivery>()
  readonly #max: number
  readonly #bytesMax: number
  #bytes = 0
  #refused = 0
  #listener: () => void = () => {}

  constructor(limits: Pick<Limits, 'inboxCommandsMax' | 'inboxBytesMax'>) {
    this.#max = limits.inboxCommandsMax
    this.#bytesMax = limits.inboxBytesMax
  }

  /** @throws OverloadedError when as many wait as may, or as much. */
  offer(delivery: Delivery): void {
    // One alone always has room: it is within the bound on payloads.
    const isFull =
      this.#queue.size >= this.#max || (this.#queue.size > 0 && this.#bytes + delivery.bytes > this.#bytesMax)
    if (isFull) {
      this.#refused++
      throw new OverloadedError('the inbox', this.#queue.size, delivery.command.target)
    }
    this.#queue.push(delivery)
    this.#bytes += delivery.bytes
    this.#listener()
  }

  take(max: number): readonly Delivery[] {
    const taken: Delivery[] = []
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      taken.push(next)
      this.#bytes -= next.bytes
      if (taken.length >= max) break
    }
    return taken
  }

  get size(): number {
    return this.#queue.size
  }

  /** How many found it full. */
  get refused(): number {
    return this.#refused
  }

  onArrival(listener: () => void): void {
    this.#listener = listener
  }
}
