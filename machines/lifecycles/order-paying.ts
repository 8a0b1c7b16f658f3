/**
 * From the verdict to the customer's confirmation: each instrument is charged under a key of its own, one
 * after the other. One that is declined ends the order, and those charged before are refunded.
 *
 *   awaitingPayment ─PAYMENT_APPROVED→ charging.next ⇄ charging.instrument
 *                                          └─all→ notifying → notified → booking
 */
import { assign } from 'xstate'
import type { OrderContext } from './order-context.js'
import { gaveUp, noteFailure, orderSetup, owe, publish } from './order-setup.js'

/** The instrument to be charged next, and the key of its charge. */
function nextCharge({ orderId, purchase, charges }: OrderContext) {
  const { type: instrument, amount } = purchase!.instruments[charges.length]!
  return { key: `${orderId}:charge:${charges.length + 1}`, instrument, amount }
}

export const paying = {
  awaitingPayment: orderSetup.createStateConfig({
    tags: 'waiting',
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isPaymentApproved', target: 'charging' },
    ],
    after: {
      paymentTerm: {
        actions: publish('PAYMENT_OVERDUE', 'clock', ({ purchase }) => ({ amount: purchase?.amount })),
      },
    },
  }),

  charging: orderSetup.createStateConfig({
    initial: 'next',
    states: {
      next: {
        always: [
          { guard: 'isCancelled', target: '#order.compensating' },
          { guard: 'isAllCharged', target: '#order.open.stage.notifying' },
          { target: 'instrument' },
        ],
      },
      instrument: {
        tags: 'working',
        entry: owe(context => {
          const { key, amount } = nextCharge(context)
          return [{ by: 'refund', key, amount }]
        }),
        invoke: {
          src: 'charge',
          input: ({ context }) => ({ orderId: context.orderId, ...nextCharge(context) }),
          onDone: {
            target: 'next',
            actions: [
              assign({
                charges: ({ context, event }) => [
                  ...context.charges,
                  { ...nextCharge(context), receiptId: event.output.receiptId },
                ],
              }),
              publish('CHARGED', 'payment', ({ charges }) => ({ ...charges.at(-1) })),
            ],
          },
          onError: { target: '#order.compensating', actions: gaveUp('payment') },
        },
      },
    },
  }),

  notifying: orderSetup.createStateConfig({
    tags: 'working',
    entry: owe(({ orderId }) => [{ by: 'retract', key: `${orderId}:retract` }]),
    invoke: {
      src: 'notify',
      input: ({ context: { orderId, purchase } }) => ({
        key: `${orderId}:confirm`,
        orderId,
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
}
