/**
 * The life of an order.
 *
 * Everything heard from outside is a *fact*, and is noted whenever it comes, in whatever stage, in whatever
 * order. Stages take facts when their turn comes: an order that hears HANDED_TO_CARRIER first of all is
 * handed over once it is bought, paid and booked. A fact heard twice changes nothing (`handled: false`);
 * neither does one heard after the end.
 *
 *   awaitingPurchase → enriching → assessing → awaitingPayment → charging → notifying → booking
 *                    → awaitingCarrier → inTransit → delivered
 *   assessing → rejected              the fraud agent said so; nothing was done that needs undoing
 *   anywhere  → compensating → cancelled
 *
 * A CANCEL is a fact as well, with precedence over all others: a waiting stage leaves at once, a working
 * one when its deed has settled, because leaving earlier would drop the outcome of a deed in flight. What
 * has to be undone is noted on entry, before the deed begins, and undone newest first. A deed that fails
 * for good cancels the order in the same way.
 *
 * Every decision and every deed is published as an entry (order-events.ts); entries and facts carry the
 * times of the order's own life, so nothing here reads a clock.
 */
import { and, assign } from 'xstate'
import { end, giveUp, note, noteFailure, orderSetup, outputOf, owe, publish, settle } from './order-setup.js'

/** A fact is noted once; one that comes before what it presupposes is told of. */
const heard = [
  {
    guard: and(['isNews', 'isEarly'] as const),
    actions: [note, publish('FACT_EARLY', 'shop', ({ facts }) => ({ fact: Object.keys(facts).at(-1) }))],
  },
  { guard: 'isNews', actions: note },
] as const

const listening = {
  PURCHASED: heard,
  PAYMENT_APPROVED: heard,
  HANDED_TO_CARRIER: heard,
  DELIVERED: heard,
  ESTIMATED_DELIVERY_DEADLINE: heard,
} as const

const gaveUp = (agent: string) =>
  [noteFailure, giveUp, publish('STEP_FAILED', agent, ({ failure }) => ({ failure }))] as const

const undone = (agent: string) =>
  [publish('UNDONE', agent, ({ undo }) => ({ by: undo.at(-1) })), settle('done')] as const

const notUndone = (agent: string) =>
  [
    noteFailure,
    publish('UNDO_FAILED', agent, ({ undo, failure }) => ({ by: undo.at(-1), failure })),
    settle('failed'),
  ] as const

/** From the purchase to the verdict: nothing is done in the world yet. */
const judging = {
  awaitingPurchase: orderSetup.createStateConfig({
    tags: 'waiting',
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isPurchased', target: 'enriching' },
    ],
  }),

  enriching: orderSetup.createStateConfig({
    tags: 'working',
    invoke: {
      src: 'askRiskProfile',
      input: ({ context: { orderId, purchase } }) => ({
        key: purchase!.customer,
        event: { type: 'PURCHASE', orderId, amount: purchase!.amount, at: purchase!.at },
      }),
      onDone: {
        target: 'assessing',
        actions: [
          assign({ features: ({ event }) => event.output }),
          publish('ENRICHED', 'risk-profile', ({ features }) => ({ ...features })),
        ],
      },
      onError: { target: '#order.compensating', actions: gaveUp('risk-profile') },
    },
  }),

  assessing: orderSetup.createStateConfig({
    tags: 'working',
    invoke: {
      id: 'fraud',
      src: 'fraudAgent',
      input: ({ context: { purchase, features } }) => ({ purchase: purchase!, features: features! }),
      onDone: {
        target: 'assessed',
        actions: [
          assign({
            verdict: ({ event: { output } }) => (output.status === 'concluded' ? output.answer : undefined),
            features: undefined,
          }),
          publish('ASSESSED', 'fraud', ({ verdict }) => ({ ...verdict })),
        ],
      },
      onError: { target: '#order.compensating', actions: gaveUp('fraud') },
    },
  }),

  assessed: orderSetup.createStateConfig({
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isAccepted', target: 'awaitingPayment' },
      { target: '#order.rejected' },
    ],
  }),
}

/** From the verdict to the doorstep. A stage that does something notes first how to undo it. */
const fulfilling = {
  awaitingPayment: orderSetup.createStateConfig({
    tags: 'waiting',
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isApproved', target: 'charging' },
    ],
    after: {
      paymentTerm: {
        actions: publish('PAYMENT_OVERDUE', 'clock', ({ purchase }) => ({ amount: purchase?.amount })),
      },
    },
  }),

  charging: orderSetup.createStateConfig({
    tags: 'working',
    entry: owe('refund'),
    invoke: {
      src: 'charge',
      input: ({ context: { orderId, purchase } }) => ({
        key: `${orderId}:charge`,
        orderId,
        amount: purchase!.amount,
      }),
      onDone: {
        target: 'charged',
        actions: [
          assign({ receiptId: ({ event }) => event.output.receiptId }),
          publish('CHARGED', 'payment', ({ receiptId, purchase }) => ({
            receiptId,
            amount: purchase?.amount,
          })),
        ],
      },
      onError: { target: '#order.compensating', actions: gaveUp('payment') },
    },
  }),

  charged: orderSetup.createStateConfig({
    always: [{ guard: 'isCancelled', target: '#order.compensating' }, { target: 'notifying' }],
  }),

  notifying: orderSetup.createStateConfig({
    tags: 'working',
    entry: owe('retract'),
    invoke: {
      src: 'notify',
      input: ({ context: { orderId, purchase } }) => ({
        key: `${orderId}:confirm`,
        customer: purchase!.customer,
        about: 'confirmed' as const,
      }),
      onDone: {
        target: 'notified',
        actions: [
          assign({ messageId: ({ event }) => event.output.messageId }),
          publish('NOTIFIED', 'mail', ({ messageId }) => ({ messageId })),
        ],
      },
      /** A customer who could not be told still gets what was paid for. */
      onError: {
        target: 'notified',
        actions: [noteFailure, publish('STEP_FAILED', 'mail', ({ failure }) => ({ failure }))],
      },
    },
  }),

  notified: orderSetup.createStateConfig({
    always: [{ guard: 'isCancelled', target: '#order.compensating' }, { target: 'booking' }],
  }),

  booking: orderSetup.createStateConfig({
    tags: 'working',
    entry: owe('cancelBooking'),
    invoke: {
      src: 'book',
      input: ({ context: { orderId } }) => ({ key: `${orderId}:book` }),
      onDone: {
        target: 'awaitingCarrier',
        actions: [
          assign({ bookingId: ({ event }) => event.output.bookingId }),
          publish('BOOKED', 'carrier', ({ bookingId }) => ({ bookingId })),
        ],
      },
      onError: { target: '#order.compensating', actions: gaveUp('carrier') },
    },
  }),

  awaitingCarrier: orderSetup.createStateConfig({
    tags: 'waiting',
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isHandedOver', target: 'inTransit' },
    ],
  }),

  inTransit: orderSetup.createStateConfig({
    tags: 'waiting',
    entry: publish('IN_TRANSIT', 'carrier', ({ bookingId }) => ({ bookingId })),
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isDelivered', target: '#order.delivered' },
    ],
  }),
}

/** What was done is undone, newest first; what cannot be undone is kept for a person to settle. */
const compensating = orderSetup.createStateConfig({
  tags: 'working',
  on: listening,
  initial: 'next',
  states: {
    next: {
      always: [
        { guard: 'owesNothing', target: '#order.cancelled' },
        { guard: 'owesRefund', target: 'refunding' },
        { guard: 'owesRetraction', target: 'retracting' },
        { guard: 'owesBookingCancelled', target: 'cancellingBooking' },
      ],
    },
    cancellingBooking: {
      invoke: {
        src: 'cancelBooking',
        input: ({ context: { orderId } }) => ({ key: `${orderId}:book` }),
        onDone: { target: 'next', actions: undone('carrier') },
        onError: { target: 'next', actions: notUndone('carrier') },
      },
    },
    retracting: {
      invoke: {
        src: 'notify',
        input: ({ context: { orderId, purchase } }) => ({
          key: `${orderId}:retract`,
          customer: purchase!.customer,
          about: 'cancelled' as const,
        }),
        onDone: { target: 'next', actions: undone('mail') },
        onError: { target: 'next', actions: notUndone('mail') },
      },
    },
    refunding: {
      invoke: {
        src: 'refund',
        input: ({ context: { orderId } }) => ({ key: `${orderId}:charge` }),
        onDone: { target: 'next', actions: undone('payment') },
        onError: { target: 'next', actions: notUndone('payment') },
      },
    },
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
    receiptId: undefined,
    messageId: undefined,
    bookingId: undefined,
    undo: [],
    unresolved: [],
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
        stage: { initial: 'awaitingPurchase', states: { ...judging, ...fulfilling } },
        schedule: {
          initial: 'onTime',
          states: {
            onTime: { always: { guard: 'isPastDeadline', target: 'overdue' } },
            overdue: { tags: 'overdue', entry: publish('OVERDUE', 'clock', () => ({})) },
          },
        },
      },
    },
    compensating,
    delivered: {
      type: 'final',
      entry: [end('delivered'), publish('DELIVERED', 'carrier', ({ receiptId }) => ({ receiptId }))],
    },
    rejected: {
      type: 'final',
      entry: [
        end('rejected'),
        publish('REJECTED', 'fraud', ({ verdict }) => ({ probability: verdict?.probability })),
      ],
    },
    cancelled: {
      type: 'final',
      entry: [
        end('cancelled'),
        publish('CANCELLED', 'shop', ({ reason, unresolved }) => ({ reason, unresolved })),
      ],
    },
  },
  output: ({ context }) => outputOf(context),
})
