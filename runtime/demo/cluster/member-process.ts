/**
 * The process of one member, which gets killed: the order pipeline in real time, as a member of a cluster or, for
 * comparison, embedded. Every doubtful order is looked at, and gets the same answer in every run.
 *
 * Argument: `MemberProgram` as JSON.
 */
import { join } from 'node:path'
import { orderV1, riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import { createRuntime } from '../../compose.js'
import { openOrderWorld } from '../order-world.js'
import { reviewAnswer, reviewAnswerId } from '../reviewer.js'
import type { MemberProgram } from './member-fleet.js'

const minuteMs = 60_000

const { directory, gatewayPort, answerMsMax, cluster } = JSON.parse(process.argv[2] ?? '{}') as MemberProgram
const world = await openOrderWorld({ directory, gatewayPort, answerMsMax, onCircuit: () => {}, review })
const orders = orderV1(world.services)
const runtime = await createRuntime({
  actors: [orders, riskProfileActor],
  path: join(directory, 'journal'),
  ...(cluster === undefined ? {} : { cluster }),
})
// Nobody to be a member for: whoever started it is gone.
process.on('disconnect', () => process.exit())
process.on('message', () => {
  void runtime.stop().then(() => process.exit())
})
process.send?.('ready')

/** Those the demo's reviewer is silent on are approved: their deadline is a day away, and this runs in real time. */
async function review(orderId: string): Promise<void> {
  const order = runtime.actor(orders, orderId)
  const askedAt = (await order.getSnapshot())?.context.review?.askedAt
  if (askedAt === undefined) return
  const answer = reviewAnswer(orderId, askedAt) ?? { type: 'APPROVE', at: askedAt + minuteMs, by: 'bob' }
  await order.send(answer, { id: reviewAnswerId(orderId) })
}
