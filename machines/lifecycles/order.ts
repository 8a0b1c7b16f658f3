/**
 * The life of an order. The picture is the whole; each line of it is a file.
 *
 *   judging       awaitingPurchase → enriching → assessing → assessed (→ reviewing)        order-judging.ts
 *   paying        → awaitingPayment → charging → notifying → notified                       order-paying.ts
 *   shipping      → booking → awaitingCarrier (→ partlyShipped) → inTransit → delivered     order-shipping.ts
 *   from judging  → rejected
 *   from anywhere → compensating (⇄ unresolved) → cancelled                                 order-compensating.ts
 *   beside all    unpromised → promised → overdue: the delivery date, below
 *
 * Everything heard from the shop is a *fact*, and is noted whenever it comes, in whatever stage, in whatever
 * order. Stages take facts when their turn comes: an order that hears HANDED_TO_CARRIER first of all is
 * handed over once it is bought, paid and booked. A fact heard twice changes nothing (`handled: false`);
 * neither does one heard after the end. The date a delivery was promised for comes by itself, as a timer, or
 * in the shop's own record of it: whichever is first is noted, the other changes nothing.
 *
 * A CANCEL is a fact as well, with precedence over all others: a waiting stage leaves at once, a working
 * one when its deed has settled, because leaving earlier would drop the outcome of a deed in flight. What
 * has to be undone is noted on entry, before the deed begins. A deed that fails for good cancels the order
 * in the same way.
 *
 * Every decision and every deed is published as an entry (order-events.ts); entries and facts carry the
 * times of the order's own life, and the one clock read here is the command's (until.ts).
 */
import { and, assign } from 'xstate'
import { compensating } from './order-compensating.js'
import { outputOf } from './order-context.js'
import { factOf, shipmentOf } from './order-facts.js'
import { judging } from './order-judging.js'
import { paying } from './order-paying.js'
import { note, orderSetup, publish, settled } from './order-setup.js'
import { shipping } from './order-shipping.js'

const early = {
  guard: and(['isNews', 'isEarly'] as const),
  actions: [note, publish('FACT_EARLY', 'shop', ({ facts }) => ({ fact: Object.keys(facts).at(-1) }))],
} as const

/** A fact is noted once; one that comes before what it presupposes is told of. */
const heard = [early, { guard: 'isNews', actions: note }] as const

/** The same of a fact that may speak of one shipment, which is told of too. */
const heardOfShipment = (told: 'SHIPMENT_HANDED_OVER' | 'SHIPMENT_DELIVERED') =>
  [
    early,
    {
      guard: and(['isNews', 'isOfOneShipment'] as const),
      actions: [note, publish(told, 'carrier', (_, event) => ({ shipment: shipmentOf(event) }))],
    },
    { guard: 'isNews', actions: note },
  ] as const

const listening = {
  PURCHASED: {
    guard: 'isNews',
    actions: [note, publish('RAW', 'shop', (_, { type: _type, ...purchase }) => purchase)],
  },
  PAYMENT_APPROVED: heard,
  HANDED_TO_CARRIER: heardOfShipment('SHIPMENT_HANDED_OVER'),
  DELIVERED: heardOfShipment('SHIPMENT_DELIVERED'),
  ESTIMATED_DELIVERY_DEADLINE: { guard: 'isNews', actions: note },
} as const

/** What the carrier does with an order that is being cancelled is for whoever settles it. */
const late = {
  guard: 'isNews',
  actions: [note, publish('FACT_LATE', 'carrier', (_, event) => ({ fact: factOf(event) }))],
} as const

/** The date delivery was promised for, beside whatever stage the order is in. */
const schedule = orderSetup.createStateConfig({
  initial: 'unpromised',
  states: {
    unpromised: {
      always: [
        { guard: 'isPastDeadline', target: 'overdue' },
        { guard: 'isPromised', target: 'promised' },
      ],
    },
    promised: {
      always: { guard: 'isPastDeadline', target: 'overdue' },
      after: {
        untilPromised: {
          target: 'overdue',
          actions: assign(({ context: { facts, purchase, at } }) => ({
            facts: { ...facts, ESTIMATED_DELIVERY_DEADLINE: purchase!.promisedAt! },
            at: Math.max(at, purchase!.promisedAt!),
          })),
        },
      },
    },
    overdue: { tags: 'overdue', entry: publish('OVERDUE', 'clock', () => ({})) },
  },
})

export const orderMachine = orderSetup.createMachine({
  id: 'order',
  context: ({ input: { orderId } }) => ({
    orderId,
    facts: {},
    at: 0,
    purchase: undefined,
    features: undefined,
    verdict: undefined,
    review: undefined,
    charges: [],
    messageId: undefined,
    bookings: [],
    undo: [],
    unresolved: [],
    refunded: 0,
    reason: undefined,
    failure: undefined,
    outcome: undefined,
  }),
  initial: 'open',
  states: {
    open: {
      type: 'parallel',
      on: {
        ...listening,
        CANCEL: {
          guard: 'isNews',
          actions: [note, publish('CANCEL_ACCEPTED', 'customer', ({ reason }) => ({ reason }))],
        },
      },
      states: {
        stage: { initial: 'awaitingPurchase', states: { ...judging, ...paying, ...shipping } },
        schedule,
      },
    },
    compensating: { ...compensating, on: { HANDED_TO_CARRIER: late, DELIVERED: late } },
    delivered: {
      type: 'final',
      entry: settled(
        'delivered',
        publish('DELIVERED', 'carrier', () => ({})),
      ),
    },
    rejected: {
      type: 'final',
      entry: settled(
        'rejected',
        publish(
          'REJECTED',
          ({ review }) => review?.answer?.by ?? 'fraud',
          ({ verdict }) => ({ probability: verdict?.probability }),
        ),
      ),
    },
    cancelled: {
      type: 'final',
      entry: settled(
        'cancelled',
        publish('CANCELLED', 'shop', ({ reason, unresolved }) => ({ reason, byHand: unresolved })),
      ),
    },
  },
  output: ({ context }) => outputOf(context),
})
