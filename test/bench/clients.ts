/**
 * Clients of the order bench: each takes orders through their life by the public API and notes how long its
 * commands took until they were applied. Either as many at once as there is room for (closed), or one every
 * so often, whatever becomes of the ones before (open): then a latency counts from when it was to begin.
 */
import type { Runtime } from '../../runtime/index.js'
import { type BenchOrder, order, orderOf } from './order-machine.js'
import type { Latencies } from './statistics.js'

/** Orders in flight at which an open load waits too: past it, it would measure its own memory. */
const IN_FLIGHT_MAX = 5_000

/** Where its actors are found. */
export type Actors = Pick<Runtime, 'actor'>

export class Clients {
  readonly #runtime: Actors
  readonly #latencies: Latencies
  readonly #input: (n: number) => BenchOrder
  #last = 0
  #isEnding = false
  /** Orders that came to their end. */
  finished = 0
  /** Orders begun and not at their end. */
  inFlight = 0

  /** @param input what the order of a number is born with, from 1 on */
  constructor(runtime: Actors, latencies: Latencies, input = orderOf) {
    this.#runtime = runtime
    this.#latencies = latencies
    this.#input = input
  }

  /** Keeps `count` orders in flight until `end`. */
  async closed(count: number): Promise<void> {
    const client = async () => {
      while (!this.#isEnding) await this.#life(performance.now())
    }
    await Promise.all(Array.from({ length: count }, client))
  }

  /**
   * Begins that many orders a second, evenly, until `end`; answers when all have ended.
   * @throws what the first order that failed failed with.
   */
  async open(perSecond: number): Promise<void> {
    const began = performance.now()
    const lives = new Set<Promise<void>>()
    const failures: unknown[] = []
    for (let begun = 0; !this.#isEnding && failures.length === 0; ) {
      const due = ((performance.now() - began) / 1000) * perSecond
      for (; begun < due && this.inFlight < IN_FLIGHT_MAX; begun++) {
        const life = this.#life(began + (begun / perSecond) * 1000)
          .catch(error => void failures.push(error))
          .finally(() => lives.delete(life))
        lives.add(life)
      }
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    await Promise.all(lives)
    if (failures.length > 0) throw failures[0]
  }

  /** Orders begun so far. */
  get begun(): number {
    return this.#last
  }

  end(): void {
    this.#isEnding = true
  }

  async #life(beginAt: number): Promise<void> {
    this.inFlight++
    const input = this.#input(++this.#last)
    const actor = this.#runtime.actor(order, input.orderId)
    await actor.start(input)
    this.#latencies.note(performance.now() - beginAt)
    await actor.waitFor(snapshot => snapshot.value === 'underway')
    const sentAt = performance.now()
    const { snapshot } = await actor.ask({ type: 'DELIVERED' })
    this.#latencies.note(performance.now() - sentAt)
    if (snapshot.status !== 'done')
      throw new Error(`${actor.id} is ${snapshot.status} after its end: expected done`)
    this.finished++
    this.inFlight--
  }
}
