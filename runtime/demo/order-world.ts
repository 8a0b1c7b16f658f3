/**
 * The outside world of the demo's orders: the payment gateway over HTTP, mail and carrier as desks.
 */
import { join } from 'node:path'
import type { OrderServices } from '../../machines/lifecycles/order-activities.js'
import { Desk } from './desk.js'
import { GatewayClient } from './gateway/gateway-client.js'

export interface OrderWorld {
  readonly services: OrderServices
  close(): Promise<void>
}

/** `directory` is where the desks keep their files. */
export async function openOrderWorld(directory: string, gatewayPort: number): Promise<OrderWorld> {
  const gateway = new GatewayClient(gatewayPort)
  const mail = await Desk.open(join(directory, 'mail.ndjson'))
  const carrier = await Desk.open(join(directory, 'carrier.ndjson'))
  return {
    services: {
      charge: (charge, signal) => gateway.charge(charge, signal),
      refund: ({ key }, signal) => gateway.refund(key, signal),
      notify: async notice => ({ messageId: await mail.hand({ ...notice }) }),
      askReviewer: async ({ key, orderId, probability }) => ({
        messageId: await mail.hand({ key, orderId, about: 'review', probability }),
      }),
      book: async ({ key }) => ({ bookingId: await carrier.hand({ key, what: 'book' }) }),
      cancelBooking: async ({ key }) => {
        await carrier.hand({ key, what: 'cancel' })
        return { cancelled: true }
      },
    },
    async close() {
      gateway.close()
      await Promise.all([mail.close(), carrier.close()])
    },
  }
}
