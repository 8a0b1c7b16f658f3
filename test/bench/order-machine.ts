/**
 * The order of the bench: no more than a life with four activities has to have. Placed, scored, charged,
 * notified, shipped; then it waits for the customer, whose word ends it. Six commands: the start, four
 * results, DELIVERED. The activities answer at once, so what is measured is the runtime.
 */
import { assign, setup } from 'xstate'
import { activity, defineActor } from '../../runtime/index.js'

export interface BenchOrder {
  readonly orderId: string
  readonly customer: string
  readonly amount: number
  /** What makes a context as large as is wanted. */
  readonly note?: string
}

interface OrderContext extends BenchOrder {
  readonly risk?: number
  readonly receiptId?: string
  readonly messageId?: string
  readonly parcelId?: string
}

/** Commands of one order's life. */
export const commandsPerOrder = 6
/** Long enough that no run reaches it: what makes every waiting order hold a timer. */
const patienceMs = 30 * 24 * 3600_000

const score = activity(async ({ input }: { input: BenchOrder }) => ({ risk: (input.amount % 97) / 97 }))
const charge = activity(async ({ input }: { input: { orderId: string; amount: number } }) => ({
  receiptId: `receipt-${input.orderId}`,
}))
const notify = activity(async ({ input }: { input: { customer: string; receiptId: string } }) => ({
  messageId: `message-${input.receiptId}`,
}))
const ship = activity(async ({ input }: { input: { orderId: string } }) => ({
  parcelId: `parcel-${input.orderId}`,
}))

export const orderMachine = setup({
  types: {
    input: {} as BenchOrder,
    context: {} as OrderContext,
    events: {} as { type: 'DELIVERED' } | { type: 'NUDGE' },
    tags: {} as 'waiting',
  },
  actors: { score, charge, notify, ship },
  delays: { patience: patienceMs },
}).createMachine({
  id: 'order',
  context: ({ input }) => input,
  initial: 'scoring',
  states: {
    scoring: {
      invoke: {
        src: 'score',
        input: ({ context: { orderId, customer, amount } }) => ({ orderId, customer, amount }),
        onDone: { target: 'charging', actions: assign({ risk: ({ event }) => event.output.risk }) },
      },
    },
    charging: {
      invoke: {
        src: 'charge',
        input: ({ context: { orderId, amount } }) => ({ orderId, amount }),
        onDone: {
          target: 'notifying',
          actions: assign({ receiptId: ({ event }) => event.output.receiptId }),
        },
      },
    },
    notifying: {
      invoke: {
        src: 'notify',
        input: ({ context }) => ({ customer: context.customer, receiptId: context.receiptId! }),
        onDone: { target: 'shipping', actions: assign({ messageId: ({ event }) => event.output.messageId }) },
      },
    },
    shipping: {
      invoke: {
        src: 'ship',
        input: ({ context: { orderId } }) => ({ orderId }),
        onDone: { target: 'underway', actions: assign({ parcelId: ({ event }) => event.output.parcelId }) },
      },
    },
    underway: {
      tags: 'waiting',
      on: { DELIVERED: 'delivered' },
      after: { patience: 'delivered' },
    },
    delivered: { type: 'final' },
  },
})

export const order = defineActor({ machine: orderMachine, version: '1' })

/** The order of number `n`: the same every time. */
export function orderOf(n: number): BenchOrder {
  return { orderId: `o-${n}`, customer: `c-${n % 10_000}`, amount: 1 + ((n * 7919) % 500) }
}
