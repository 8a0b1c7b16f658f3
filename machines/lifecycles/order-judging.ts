/**
 * From the purchase to the verdict: nothing is done in the world yet, so nothing has to be undone.
 *
 *   awaitingPurchase ─PURCHASED→ enriching → assessing → assessed ─accept→ awaitingPayment
 *                                                           ├─reject→ rejected
 *                                                           └─between→ reviewing ─APPROVE→ awaitingPayment
 *                                                                        └─REFUSE, or no answer in time→ rejected
 *
 * The first answer counts. It is taken at once and acted upon when the request for it is out: no notice is
 * left in flight.
 */
import { assign } from 'xstate'
import { gaveUp, noteFailure, orderSetup, publish, reviewTermMs } from './order-setup.js'

/** The one decision that others act on: who took it, and on what ground. */
const decide = (decision: 'accept' | 'reject') =>
  publish(
    'DECIDED',
    ({ review }) => review?.answer?.by ?? 'fraud',
    ({ verdict, review }) => ({
      ...verdict,
      decision,
      ...(review?.answer?.reason !== undefined && { reason: review.answer.reason }),
    }),
  )

const reviewing = orderSetup.createStateConfig({
  tags: 'review',
  entry: [
    assign({ review: ({ context }) => ({ askedAt: context.at }) }),
    publish('REVIEW_ASKED', 'fraud', ({ verdict }) => ({ ...verdict })),
  ],
  on: {
    APPROVE: {
      guard: 'isUnanswered',
      actions: assign({
        review: ({ context, event }) => ({
          ...context.review!,
          answer: { approved: true, by: `reviewer:${event.by}` },
        }),
        at: ({ context, event }) => Math.max(context.at, event.at ?? 0),
      }),
    },
    REFUSE: {
      guard: 'isUnanswered',
      actions: assign({
        review: ({ context, event: { by, reason } }) => ({
          ...context.review!,
          answer: { approved: false, by: `reviewer:${by}`, reason },
        }),
        at: ({ context, event }) => Math.max(context.at, event.at ?? 0),
      }),
    },
  },
  after: {
    reviewTerm: {
      guard: 'isUnanswered',
      actions: assign({
        review: ({ context }) => ({
          ...context.review!,
          answer: { approved: false, by: 'clock', reason: 'no answer in time' },
        }),
        at: ({ context }) => Math.max(context.at, context.review!.askedAt + reviewTermMs),
      }),
    },
  },
  initial: 'asking',
  states: {
    asking: {
      tags: 'working',
      invoke: {
        src: 'askReviewer',
        input: ({ context: { orderId, purchase, verdict } }) => ({
          key: `${orderId}:review`,
          orderId,
          customer: purchase!.customer,
          amount: purchase!.amount,
          probability: verdict!.probability,
          reasons: verdict!.reasons,
        }),
        onDone: 'answering',
        /** Reviewers have their list all the same, and the deadline holds. */
        onError: {
          target: 'answering',
          actions: [noteFailure, publish('STEP_FAILED', 'mail', ({ failure }) => ({ failure }))],
        },
      },
    },
    answering: {
      tags: 'waiting',
      always: [
        { guard: 'isCancelled', target: '#order.compensating' },
        { guard: 'isApproved', target: '#order.open.stage.awaitingPayment', actions: decide('accept') },
        { guard: 'isRefused', target: '#order.rejected', actions: decide('reject') },
      ],
    },
  },
})

export const judging = {
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
        actions: assign({
          verdict: ({ event: { output } }) => (output.status === 'concluded' ? output.answer : undefined),
          features: undefined,
        }),
      },
      onError: { target: '#order.compensating', actions: gaveUp('fraud') },
    },
  }),

  assessed: orderSetup.createStateConfig({
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isAccepted', target: 'awaitingPayment', actions: decide('accept') },
      { guard: 'isDoubtful', target: 'reviewing' },
      { target: '#order.rejected', actions: decide('reject') },
    ],
  }),

  reviewing,
}
