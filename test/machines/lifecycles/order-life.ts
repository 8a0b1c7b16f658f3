/**
 * An order's life for tests: the real machine under plain XState, with services that write down what they
 * are asked for and can be held or made to fail, and a risk profile in memory.
 */
import { createActor, type EmittedFrom, fromPromise, SimulatedClock, type SnapshotFrom } from 'xstate'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import { type OrderServices, orderActivities } from '../../../machines/lifecycles/order-activities.js'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import type { RiskFeatures } from '../../../machines/lifecycles/risk-features.js'
import { type RiskProfileEvent, riskProfileStore } from '../../../machines/lifecycles/risk-profile.js'

export const noon = Date.UTC(2018, 4, 17, 12)
export const hourMs = 3600_000
export const dayMs = 24 * hourMs

/** What happened to an order in the usual course, `daysLater` apart. */
export function purchased(fields: { at?: number; customer?: string; amount?: number } = {}): OrderEvent {
  const { at = noon, customer = 'c-1', amount = 100 } = fields
  return {
    type: 'PURCHASED',
    at,
    customer,
    items: [{ sku: 's-1', seller: 'm-1', price: amount, freight: 0 }],
    payments: [{ type: 'credit_card', installments: 1, value: amount }],
  }
}

export const approved: OrderEvent = { type: 'PAYMENT_APPROVED', at: noon + hourMs }
export const handedOver: OrderEvent = { type: 'HANDED_TO_CARRIER', at: noon + dayMs }
export const delivered: OrderEvent = { type: 'DELIVERED', at: noon + 5 * dayMs }
export const deadline: OrderEvent = { type: 'ESTIMATED_DELIVERY_DEADLINE', at: noon + 20 * dayMs }
export const cancel: OrderEvent = { type: 'CANCEL', at: noon + 2 * hourMs, reason: 'changed my mind' }

type Deed = keyof OrderServices

export class OrderLife {
  /** Calls of services, in order, as `deed key`. */
  readonly calls: string[] = []
  readonly entries: EmittedFrom<typeof orderMachine>[] = []
  readonly #held = new Map<Deed, (() => void)[]>()
  readonly #failing = new Set<Deed>()
  readonly #clock = new SimulatedClock()
  readonly #actor

  constructor(orderId = 'o-1', profiles = new Map<string, ReturnType<typeof emptyProfile>>()) {
    const machine = orderMachine.provide({
      actors: {
        ...orderActivities(this.#services()),
        askRiskProfile: fromPromise<RiskFeatures, { key: string; event: RiskProfileEvent }>(
          async ({ input: { key, event } }) => {
            const [next] = riskProfileStore.transition(profiles.get(key) ?? emptyProfile(), event)
            profiles.set(key, next)
            return next.context.features!
          },
        ),
      },
    })
    this.#actor = createActor(machine, { input: { orderId }, clock: this.#clock })
    this.#actor.on('*', entry => this.entries.push(entry))
    this.#actor.start()
  }

  get snapshot(): SnapshotFrom<typeof orderMachine> {
    return this.#actor.getSnapshot()
  }

  /** The stage it is in, or how it ended. */
  get stage(): string {
    const { value } = this.snapshot
    return typeof value === 'object' && 'open' in value
      ? value.open.stage
      : typeof value === 'string'
        ? value
        : Object.keys(value)[0]!
  }

  get entryTypes(): string[] {
    return this.entries.map(entry => entry.type)
  }

  /** Gives the events in turn, each once everything the one before set in motion is done. */
  async hear(...events: readonly OrderEvent[]): Promise<this> {
    for (const event of events) {
      this.#actor.send(event)
      await this.settled()
    }
    return this
  }

  /** Waits until only the world can change it, or a deed is held. */
  async settled(): Promise<void> {
    let still = 0
    for (let turn = 0; still < 10 && turn < 1_000; turn++) {
      const before = this.snapshot
      await Promise.resolve()
      still = this.snapshot === before ? still + 1 : 0
    }
  }

  /** Lets time pass for the order's timers. */
  pass(ms: number): void {
    this.#clock.increment(ms)
  }

  /** From now on calls of `deed` do not answer until released. */
  hold(deed: Deed): void {
    this.#held.set(deed, [])
  }

  async release(deed: Deed): Promise<void> {
    for (const answer of this.#held.get(deed) ?? []) answer()
    this.#held.delete(deed)
    await this.settled()
  }

  fail(deed: Deed): void {
    this.#failing.add(deed)
  }

  #services(): OrderServices {
    const done = async <Answer>(deed: Deed, key: string, answer: Answer): Promise<Answer> => {
      this.calls.push(`${deed} ${key}`)
      const held = this.#held.get(deed)
      if (held !== undefined) await new Promise<void>(resolve => held.push(resolve))
      if (this.#failing.has(deed)) throw new Error(`${deed} is out of order`)
      return answer
    }
    return {
      charge: ({ key }) => done('charge', key, { receiptId: `receipt of ${key}` }),
      refund: ({ key }) => done('refund', key, { refunded: true }),
      notify: ({ key }) => done('notify', key, { messageId: `message of ${key}` }),
      book: ({ key }) => done('book', key, { bookingId: `booking of ${key}` }),
      cancelBooking: ({ key }) => done('cancelBooking', key, { cancelled: true }),
    }
  }
}

function emptyProfile() {
  return riskProfileStore.getInitialSnapshot()
}
