/**
 * The order of the lifecycles, as it is caught by a crash: bought, judged by its fraud agent, payment approved,
 * the timer of its promised delivery set, and its charge at a gateway that has not answered yet.
 */

import { orderMachine } from '../../machines/lifecycles/order.js'
import {
  type ChargeRequest,
  noServices,
  orderActivities,
} from '../../machines/lifecycles/order-activities.js'
import type { OrderEvent } from '../../machines/lifecycles/order-events.js'
import { activity, defineActor } from '../../runtime/index.js'

const dayMs = 24 * 3600_000
/** A gateway may take that long: none of its charges is given up while the bench runs. */
const patienceMs = 24 * 3600_000

interface Answers {
  charge(orderId: string): Promise<{ readonly receiptId: string }>
}

/** Orders whose charges are answered like that, and what comes after them at once. */
export function pendingOrders({ charge }: Answers) {
  const after = orderActivities({
    ...noServices,
    notify: async ({ key }) => ({ messageId: key }),
    book: async ({ key }) => ({ bookingId: key }),
  })
  const charging = activity(({ input }: { input: ChargeRequest }) => charge(input.orderId), {
    attemptMs: patienceMs,
    overallMs: patienceMs,
  })
  return defineActor({
    machine: orderMachine.provide({ actors: { ...after, charge: charging } }),
    version: '1',
    create: (key: string) => ({ orderId: key }),
  })
}

export function pendingKey(n: number): string {
  return `o-${n}`
}

/**
 * What an order hears until it is to be charged: the same every time, but for the time it happens at. Each has
 * a customer of its own: one who bought ten times in a minute would be sent to a reviewer.
 */
export function pendingEvents(n: number, at: number): readonly OrderEvent[] {
  const price = 20 + ((n * 7919) % 60)
  return [
    {
      type: 'PURCHASED',
      at,
      customer: `c-${n}`,
      items: [{ sku: `s-${n % 997}`, seller: `seller-${n % 89}`, price, freight: 9 }],
      payments: [{ type: 'credit_card', installments: 1, value: price + 9 }],
      estimated: at + 20 * dayMs,
    },
    { type: 'PAYMENT_APPROVED', at: at + 1 },
  ]
}
