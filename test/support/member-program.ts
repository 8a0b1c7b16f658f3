/**
 * A program that runs the order pipeline in real time, embedded or as a member of a cluster, until it is killed. Every
 * doubtful order is looked at, and gets the same answer in every run. Argument: a `MemberProgram` as JSON.
 */
import { join } from 'node:path'
import { orderV1, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { openOrderWorld } from '../../runtime/demo/order-world.js'
import { reviewAnswer, reviewAnswerId } from '../../runtime/demo/reviewer.js'
import { createRuntime } from '../../runtime/index.js'

export interface MemberProgram {
  /** Where its desks keep their files, and its journals are. */
  readonly directory: string
  readonly gatewayPort: number
  readonly answerMsMax: number
  readonly cluster?: {
    readonly servers: readonly string[]
    readonly name: string
    readonly member: string
    readonly shards: number
    readonly replicas: number
  }
}

const { directory, gatewayPort, answerMsMax, cluster } = JSON.parse(process.argv[2] ?? '{}') as MemberProgram

const world = await openOrderWorld({ directory, gatewayPort, answerMsMax, onCircuit: () => {}, review })
const orders = orderV1(world.services)
const runtime = await createRuntime({
  actors: [orders, riskProfileActor],
  path: join(directory, 'journal'),
  ...(cluster === undefined ? {} : { cluster }),
})
console.log('ready')
process.on('SIGTERM', () => {
  void runtime.stop().then(() => process.exit())
})

async function review(orderId: string): Promise<void> {
  const order = runtime.actor(orders, orderId)
  const askedAt = (await order.getSnapshot())?.context.review?.askedAt
  if (askedAt === undefined) return
  const answer = reviewAnswer(orderId, askedAt) ?? { type: 'APPROVE', at: askedAt + 60_000, by: 'bob' }
  await order.send(answer, { id: reviewAnswerId(orderId) })
}
