/**
 * From the confirmation to the doorstep: each seller's shipment is booked with the carrier, all at once, and
 * goes its own way. The order is delivered when all of them are. `bookAll` itself never fails: what it brings
 * is one result a shipment, and one that failed ends the order.
 *
 *   booking ─all booked→ awaitingCarrier ─one handed over→ partlyShipped ─all→ inTransit ─all delivered→ delivered
 *                               └──────────────all handed over───────────────↗
 */
import { assign } from 'xstate'
import type { OrderContext } from './order-context.js'
import { giveUp, messageOf, orderSetup, owe, publish } from './order-setup.js'

const bookingKey = (orderId: string, seller: string) => `${orderId}:book:${seller}`

/** The first booking that failed, in words; undefined when all are made. */
function failureIn(results: readonly PromiseSettledResult<unknown>[]): string | undefined {
  const failed = results.find(result => result.status === 'rejected')
  return failed === undefined ? undefined : messageOf(failed.reason)
}

/** The bookings made, of as many shipments as were tried. */
function bookingsOf({ purchase }: OrderContext, results: readonly PromiseSettledResult<BookingAnswer>[]) {
  return results.flatMap((result, index) =>
    result.status === 'fulfilled'
      ? [{ seller: purchase!.shipments[index]!.seller, bookingId: result.value.bookingId }]
      : [],
  )
}

interface BookingAnswer {
  readonly bookingId: string
}

const booked = publish('BOOKED', 'carrier', ({ bookings }) => ({ bookings }))

export const shipping = {
  booking: orderSetup.createStateConfig({
    tags: 'working',
    entry: owe(({ orderId, purchase }) =>
      purchase!.shipments.map(({ seller }) => ({
        by: 'cancelBooking',
        key: bookingKey(orderId, seller),
        seller,
      })),
    ),
    invoke: {
      src: 'bookAll',
      input: ({ context: { orderId, purchase } }) =>
        purchase!.shipments.map(({ seller }) => ({ key: bookingKey(orderId, seller), orderId, seller })),
      onDone: [
        {
          guard: ({ event }) => failureIn(event.output) === undefined,
          target: 'awaitingCarrier',
          actions: [assign({ bookings: ({ context, event }) => bookingsOf(context, event.output) }), booked],
        },
        {
          target: '#order.compensating',
          actions: [
            assign({ failure: ({ event }) => failureIn(event.output) }),
            giveUp,
            publish('STEP_FAILED', 'carrier', ({ failure }) => ({ failure })),
          ],
        },
      ],
    },
  }),

  awaitingCarrier: orderSetup.createStateConfig({
    tags: 'waiting',
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isHandedOver', target: 'inTransit' },
      { guard: 'isPartlyHandedOver', target: 'partlyShipped' },
    ],
  }),

  partlyShipped: orderSetup.createStateConfig({
    tags: 'waiting',
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isHandedOver', target: 'inTransit' },
    ],
  }),

  inTransit: orderSetup.createStateConfig({
    tags: 'waiting',
    entry: publish('IN_TRANSIT', 'carrier', ({ bookings }) => ({ bookings })),
    always: [
      { guard: 'isCancelled', target: '#order.compensating' },
      { guard: 'isDelivered', target: '#order.delivered' },
    ],
  }),
}
