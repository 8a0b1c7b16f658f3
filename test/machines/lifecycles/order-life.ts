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

/** What happened to an order in the usual course. `payments`: by instrument; `sellers`: what each sells for. */
export function purchased(
  fields: {
    at?: number
    customer?: string
    amount?: number
    payments?: Readonly<Record<string, number>>
    sellers?: Readonly<Record<string, number>>
    estimated?: number
  } = {},
): OrderEvent {
  const { at = noon, customer = 'c-1', amount = 100, estimated } = fields
  const { payments = { credit_card: amount }, sellers = { 'm-1': amount } } = fields
  return {
    type: 'PURCHASED',
    at,
    customer,
    items: Object.entries(sellers).map(([seller, price]) => ({ sku: 's-1', seller, price, freight: 0 })),
    payments: Object.entries(payments).map(([type, value]) => ({ type, installments: 1, value })),
    ...(estimated !== undefined && { estimated }),
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
  readonly #failing = new Set<string>()
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
    const within = typeof value === 'object' && 'open' in value ? value.open.stage : value
    return typeof within === 'string' ? within : Object.entries(within)[0]!.join('.')
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
  async pass(ms: number): Promise<void> {
    this.#clock.increment(ms)
    await this.settled()
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

  /** From now on `deed` fails: always, or only under a key. */
  fail(deed: Deed, key?: string): void {
    this.#failing.add(key === undefined ? deed : `${deed} ${key}`)
  }

  mend(): void {
    this.#failing.clear()
  }

  #services(): OrderServices {
    const done = async <Answer>(deed: Deed, key: string, answer: Answer): Promise<Answer> => {
      const call = `${deed} ${key}`
      this.calls.push(call)
      const held = this.#held.get(deed)
      if (held !== undefined) await new Promise<void>(resolve => held.push(resolve))
      if (this.#failing.has(deed) || this.#failing.has(call)) throw new Error(`${deed} is out of order`)
      return answer
    }
    return {
      charge: ({ key }) => done('charge', key, { receiptId: `receipt of ${key}` }),
      refund: ({ key }) => done('refund', key, { refunded: true }),
      askReviewer: ({ key }) => done('askReviewer', key, { messageId: `message of ${key}` }),
      notify: ({ key }) => done('notify', key, { messageId: `message of ${key}` }),
      book: ({ key }) => done('book', key, { bookingId: `booking of ${key}` }),
      cancelBooking: ({ key }) => done('cancelBooking', key, { cancelled: true }),
    }
  }
}

/** An order that a person has to look at: the third dear one within the hour. */
export async function doubtful(
  trouble: { hold?: keyof OrderServices; fail?: keyof OrderServices } = {},
): Promise<OrderLife> {
  let profile = emptyProfile()
  for (const nth of [1, 2]) {
    const event = { type: 'PURCHASE' as const, orderId: `o-${nth}`, amount: 900, at: noon - nth * 60_000 }
    profile = riskProfileStore.transition(profile, event)[0]
  }
  const life = new OrderLife('o-1', new Map([['c-1', profile]]))
  if (trouble.hold !== undefined) life.hold(trouble.hold)
  if (trouble.fail !== undefined) life.fail(trouble.fail)
  return life.hear(purchased({ amount: 900 }))
}

function emptyProfile() {
  return riskProfileStore.getInitialSnapshot()
}
