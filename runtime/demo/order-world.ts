/**
 * The outside world of the demo's orders: the payment gateway over HTTP, behind a circuit breaker; mail and
 * carrier as desks; a reviewer.
 */
import { join } from 'node:path'
import type { OrderServices } from '../../machines/lifecycles/order-activities.js'
import { Desk } from './desk.js'
import { CircuitBreaker, type CircuitName } from './gateway/circuit-breaker.js'
import { GatewayClient } from './gateway/gateway-client.js'

export interface OrderWorld {
  readonly services: OrderServices
  close(): Promise<void>
}

export interface OrderWorldOptions {
  /** Where the desks keep their files. */
  readonly directory: string
  readonly gatewayPort: number
  /** How long the gateway is given to answer, milliseconds. */
  readonly answerMsMax: number
  /** Told of each change of the circuit before the gateway. */
  onCircuit(state: CircuitName): void
  /** Has a doubtful order looked at; resolves when the answer is given, or will not be. */
  review(orderId: string): Promise<void>
}

export async function openOrderWorld(options: OrderWorldOptions): Promise<OrderWorld> {
  const { directory, gatewayPort, answerMsMax, onCircuit, review } = options
  const gateway = new GatewayClient(gatewayPort, answerMsMax)
  const circuit = new CircuitBreaker(onCircuit)
  const mail = await Desk.open(join(directory, 'mail.ndjson'))
  const carrier = await Desk.open(join(directory, 'carrier.ndjson'))
  return {
    services: {
      charge: (charge, signal) => circuit.run(() => gateway.charge(charge, signal)),
      refund: (refund, signal) => circuit.run(() => gateway.refund(refund, signal)),
      notify: async notice => ({ messageId: await mail.hand({ ...notice }) }),
      askReviewer: async ({ key, orderId, probability }) => {
        const messageId = await mail.hand({ key, orderId, about: 'review', probability })
        await review(orderId)
        return { messageId }
      },
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
