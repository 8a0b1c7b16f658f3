/**
 * Orders made up from a seed, as the records of a shop, in order of time. Customers come back, some in
 * bursts that no honest customer would make. Streams: what is kept is the orders still going on (a few
 * weeks' worth) and the latest customers.
 */
import { EventHeap } from './event-heap.js'
import { planOrder } from './order-plan.js'
import type { OrderRecord } from './order-record.js'
import { Random } from './random.js'

const minuteMs = 60_000

const firstAt = Date.UTC(2024, 0, 1)
/** A new order every so often: 240 a day, so that some five thousand are going on at any time. */
const paceMs = 6 * minuteMs
const returningShare = 0.15
const customersRemembered = 5_000
const burstShare = 0.003

interface Happening {
  readonly at: number
  readonly record: OrderRecord
}

/** The records of `orders` orders. */
export function* generateOrders(orders: number, seed: number): Generator<OrderRecord> {
  const random = new Random(seed)
  const customers = new Customers(random)
  const coming = new EventHeap<Happening>()
  const place = (purchasedAt: number, customer: string, amount: number, nth: number) => {
    const orderId = `${random.hex(24)}${nth.toString(16).padStart(8, '0')}`
    for (const happening of planOrder({ orderId, customer, purchasedAt, amount }, random))
      coming.push(happening)
  }
  let now = firstAt
  let placed = 0
  while (placed < orders) {
    now += random.exponential(paceMs)
    while (coming.nextAt <= now) yield coming.pop()!.record
    if (random.chance(burstShare)) {
      // Nobody's earlier customer, and all within half an hour.
      const thief = customers.create()
      for (let left = random.between(5, 12); left > 0 && placed < orders; left--)
        place(now + random.fraction() * 30 * minuteMs, thief, 700, placed++)
    } else place(now, customers.next(), 80, placed++)
  }
  while (coming.size > 0) yield coming.pop()!.record
}

class Customers {
  readonly #random: Random
  readonly #latest: string[] = []
  #remembered = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Mostly somebody new. */
  next(): string {
    if (this.#latest.length > 0 && this.#random.chance(returningShare))
      return this.#latest[this.#random.between(0, this.#latest.length - 1)]!
    const customer = this.create()
    this.#latest[this.#remembered++ % customersRemembered] = customer
    return customer
  }

  create(): string {
    return this.#random.hex(32)
  }
}
