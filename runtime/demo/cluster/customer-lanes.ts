/**
 * Orders in real time, so that they end the same whoever steps them and whatever dies meanwhile: a customer's orders
 * one event after another, since each is judged by how the ones before went, and an order's next event once nothing
 * of the last is under way. Customers go side by side.
 */

import { noServices } from '../../../machines/lifecycles/order-activities.js'
import { orderV1 } from '../../../machines/lifecycles/order-actors.js'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import type { Client } from '../../client/types.js'
import type { OrderCommand } from '../order-record.js'
import type { OrderSource } from '../order-source.js'

/** Orders as a client knows them. */
export const demoOrder = orderV1(noServices)

/** One customer's commands, in order of time. */
export type Lane = readonly OrderCommand[]

const settleMsMax = 180_000

export async function customerLanes(orders: OrderSource): Promise<Lane[]> {
  const customers = new Map<string, string>()
  const lanes = new Map<string, OrderCommand[]>()
  for await (const command of orders.commands()) {
    const { orderId, event } = command
    if (event.type === 'PURCHASED') customers.set(orderId, String(event.customer))
    const customer = customers.get(orderId) ?? orderId
    const lane = lanes.get(customer)
    if (lane === undefined) lanes.set(customer, [command])
    else lane.push(command)
  }
  return [...lanes.values()]
}

export interface Driving {
  /** Customers at once. */
  readonly atOnce: number
  /** Told of each command, once it is applied and nothing of it is under way. */
  settled(command: OrderCommand): void
  readonly signal?: AbortSignal
}

/** @throws what a command or the wait for its order does; the signal's reason. */
export async function driveLanes(client: Client, lanes: readonly Lane[], driving: Driving): Promise<void> {
  const waiting = [...lanes]
  const worker = async () => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift())
      for (const command of lane) {
        driving.signal?.throwIfAborted()
        await driveOne(client, command)
        driving.settled(command)
      }
  }
  await Promise.all(Array.from({ length: driving.atOnce }, worker))
}

async function driveOne(client: Client, { id, orderId, event }: OrderCommand): Promise<void> {
  const order = client.actor(demoOrder, orderId)
  await order.send(event as OrderEvent, { id })
  const isSettled = (state: { hasTag(tag: 'working' | 'review'): boolean }) =>
    !state.hasTag('working') && !state.hasTag('review')
  await order.waitFor(isSettled, { timeoutMs: settleMsMax })
}
