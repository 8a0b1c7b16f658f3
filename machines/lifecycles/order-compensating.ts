/**
 * What was done is undone, newest first. Each undoing is tried for hours (order-activities.ts); what fails
 * all the same is recorded, the rest is still undone, and the order waits for an operator: it is not over
 * while somebody is owed.
 *
 *   next ⇄ cancellingBooking, retracting, refunding
 *     ├─nothing left→ cancelled
 *     └─failures left→ unresolved ─RETRY_UNDO→ next
 *                          └─SETTLED_BY_HAND→ cancelled
 *
 * A CANCEL has no transition here: it is being done already.
 */
import { assign } from 'xstate'
import type { OrderContext } from './order-context.js'
import { cents } from './order-facts.js'
import { planUndoing, type Undoing } from './order-money.js'
import { change, noteFailure, orderSetup, publish } from './order-setup.js'

const newest = ({ undo }: OrderContext): Undoing => undo.at(-1)!

const undone = (agent: string) =>
  [
    publish('UNDONE', agent, context => ({ ...newest(context) })),
    change(({ undo }) => ({ undo: undo.slice(0, -1) })),
  ] as const

const notUndone = (agent: string) =>
  [
    noteFailure,
    publish('UNDO_FAILED', agent, context => ({ ...newest(context), failure: context.failure })),
    change(context => ({
      undo: context.undo.slice(0, -1),
      unresolved: [newest(context), ...context.unresolved],
    })),
  ] as const

/** Money that went back, of a charge that is known to have been made. */
function refundedAfter(context: OrderContext, moved: boolean): number {
  const undoing = newest(context)
  const counts = moved && context.charges.some(charge => charge.key === undoing.key)
  return counts && undoing.by === 'refund' ? cents(context.refunded + undoing.amount) : context.refunded
}

const operator = (_: OrderContext, event: object) => `operator:${'by' in event ? event.by : ''}`

export const compensating = orderSetup.createStateConfig({
  entry: change(({ undo, purchase, bookings, facts }) => ({
    undo: planUndoing(undo, purchase, bookings, facts),
  })),
  initial: 'next',
  states: {
    next: {
      always: [
        { guard: 'isUndone', target: '#order.cancelled' },
        { guard: 'isStuck', target: 'unresolved' },
        { guard: 'owesRefund', target: 'refunding' },
        { guard: 'owesRetraction', target: 'retracting' },
        { guard: 'owesBookingCancelled', target: 'cancellingBooking' },
      ],
    },
    cancellingBooking: {
      tags: 'working',
      invoke: {
        src: 'cancelBooking',
        input: ({ context }) => {
          const { key, seller } = newest(context) as Extract<Undoing, { by: 'cancelBooking' }>
          return { key, orderId: context.orderId, seller }
        },
        onDone: { target: 'next', actions: undone('carrier') },
        onError: { target: 'next', actions: notUndone('carrier') },
      },
    },
    retracting: {
      tags: 'working',
      invoke: {
        src: 'notify',
        input: ({ context: { orderId, purchase } }) => ({
          key: `${orderId}:retract`,
          orderId,
          customer: purchase!.customer,
          about: 'cancelled' as const,
        }),
        onDone: { target: 'next', actions: undone('mail') },
        onError: { target: 'next', actions: notUndone('mail') },
      },
    },
    refunding: {
      tags: 'working',
      invoke: {
        src: 'refund',
        input: ({ context }) => {
          const { key, amount } = newest(context) as Extract<Undoing, { by: 'refund' }>
          return { key, orderId: context.orderId, amount }
        },
        onDone: {
          target: 'next',
          actions: [
            assign({ refunded: ({ context, event }) => refundedAfter(context, event.output.refunded) }),
            ...undone('payment'),
          ],
        },
        onError: { target: 'next', actions: notUndone('payment') },
      },
    },
    unresolved: {
      tags: ['waiting', 'unresolved'],
      entry: publish('UNRESOLVED', 'shop', ({ unresolved }) => ({ unresolved })),
      on: {
        RETRY_UNDO: {
          target: 'next',
          actions: [
            publish('UNDO_RETRIED', operator, ({ unresolved }) => ({ unresolved })),
            change(({ unresolved }) => ({ undo: unresolved, unresolved: [] })),
          ],
        },
        SETTLED_BY_HAND: {
          target: '#order.cancelled',
          actions: publish('SETTLED_BY_HAND', operator, ({ unresolved }, event) => ({
            unresolved,
            note: 'note' in event ? event.note : undefined,
          })),
        },
      },
    },
  },
})
