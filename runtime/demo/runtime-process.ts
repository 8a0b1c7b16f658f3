/**
 * The process that gets killed: an embedded runtime with the order actors, fed over IPC. Keeps nothing that
 * is not in the journal; whoever forks it again on the same directory goes on where it was.
 *
 * Arguments: the demo's directory; the gateway's port, and how long it is given to answer, in milliseconds.
 */
import { orderV1, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { createEventTimeRuntime } from '../compose.js'
import { journalDirectory } from './demo-directory.js'
import { demoLimits } from './demo-limits.js'
import type { OrderCommand } from './order-record.js'
import { openOrderWorld } from './order-world.js'
import { type FromRuntime, inFlightMax, type ToRuntime } from './protocol.js'
import { reviewAnswer, reviewAnswerId } from './reviewer.js'

const [directory = '.', gatewayPort = '0', answerMsMax = '1000'] = process.argv.slice(2)
const world = await openOrderWorld({
  directory,
  gatewayPort: Number(gatewayPort),
  answerMsMax: Number(answerMsMax),
  onCircuit(state) {
    console.log(`the circuit before the gateway is ${state}`)
    say({ type: 'circuit', state })
  },
  review,
})
const orders = orderV1(world.services)
const runtime = await createEventTimeRuntime({
  actors: [orders, riskProfileActor],
  path: journalDirectory(directory),
  limits: {
    // After a kill so many commands are stepped one by one: no more than can have been in hand.
    batchCommandsMax: inFlightMax,
    ...demoLimits,
  },
  onFailed: fail,
})

let applied: string[] = []
let unhandled: string[] = []
let settled: string[] = []
let noticing = false

process.on('message', (message: ToRuntime) => {
  hear(message).catch(fail)
})
// Nobody to report to: the supervisor is gone.
process.on('disconnect', () => process.exit())
say({ type: 'ready' })

async function hear(message: ToRuntime): Promise<void> {
  switch (message.type) {
    case 'commands':
      await Promise.all(message.commands.map(apply))
      return
    case 'settle':
      await Promise.all(message.commands.map(settle))
      return
    case 'finish':
      await runtime.finish()
      return say({ type: 'finished' })
    case 'stop':
      await runtime.stop()
      await world.close()
      process.disconnect()
  }
}

async function apply(command: OrderCommand): Promise<void> {
  const { id, orderId, event } = command
  try {
    const { handled } = await runtime.submit(orders.type, orderId, event, { id, at: event.at })
    applied.push(id)
    if (!handled) unhandled.push(id)
    notice()
  } catch (error) {
    return say({ type: 'refused', id, message: String(error) })
  }
  await settle(command)
}

async function settle({ id, orderId }: Pick<OrderCommand, 'id' | 'orderId'>): Promise<void> {
  await runtime.whenSettled(orders.type, orderId)
  settled.push(id)
  notice()
}

/** Answers before the order goes on: when events bring their own time, a person's hours pass in no time. */
async function review(orderId: string): Promise<void> {
  const order = runtime.runtime.actor(orders, orderId)
  const askedAt = (await order.getSnapshot())?.context.review?.askedAt
  const answer = askedAt === undefined ? undefined : reviewAnswer(orderId, askedAt)
  if (answer !== undefined) await order.send(answer, { id: reviewAnswerId(orderId) })
}

/** What one turn brings goes out together. */
function notice(): void {
  if (noticing) return
  noticing = true
  setImmediate(() => {
    noticing = false
    say({ type: 'notices', applied, settled, unhandled })
    applied = []
    settled = []
    unhandled = []
  })
}

function fail(error: unknown): void {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  say({ type: 'failed', message })
}

function say(message: FromRuntime): void {
  process.send?.(message)
}
