/** Reporting to an inspector elsewhere: Stately's own relay. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createInspectorServer } from '@statelyai/inspect/server'
import { approved, purchased } from '../../machines/lifecycles/order-life.js'
import { InspectedOrders, Listener } from './orders.js'

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

test("an order's life reaches those who look through Stately's relay, also one that starts later", async () => {
  const port = await freePort()
  const url = `ws://localhost:${port}`
  await using orders = await InspectedOrders.start(
    { actors: ['order/o-1'], url },
    { limits: { inspectRetryMs: 20 } },
  )
  assert.equal(orders.runtime.inspectUrl, url)
  assert.equal(await orders.warned(), 'the inspector cannot be reached; it is tried again')
  const order = orders.runtime.actor(orders.order, 'o-1')
  await order.send(purchased())
  const relay = createInspectorServer({ port, autoOpen: false })
  try {
    using viewer = await Listener.open(url)
    const born = await viewer.until(one => one.type === '@xstate.actor', 'the order')
    assert.equal(born.sessionId, 'order/o-1')
    await order.send(approved)
    await viewer.until(
      one => one.type === '@xstate.event' && one.event.type === 'PAYMENT_APPROVED',
      'what happened next',
    )
    assert.equal(orders.warnings.length, 1, 'said once, however often it is tried')
  } finally {
    relay.stop()
  }
})
