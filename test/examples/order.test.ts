import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestRuntime, type TestRuntime } from 'perdure/testing'
import { gateway } from './gateway.js'
import { order, profile } from './order.js'

const start = () => createTestRuntime({ actors: [order, profile], now: '2026-01-01T00:00:00Z' })

/** An order of a customer whose profile was asked so many times before: each time adds 0.1 to the risk. */
async function place(rt: TestRuntime, orderId: string, { asked = 0, amount = 10 } = {}) {
  const customer = `customer-of-${orderId}`
  for (let n = 0; n < asked; n += 1) await rt.actor(profile, customer).ask({ type: 'SCORE', amount: 1 })
  const placed = rt.actor(order, orderId)
  await placed.start({ orderId, customer, amount })
  return placed
}

test('an order nobody doubts is charged once and shipped', async () => {
  await using rt = await start()
  const o = await place(rt, 'o-plain')
  await o.waitFor(s => s.matches('shipping'))
  await rt.advance(999)
  assert.ok((await o.getSnapshot())?.matches('shipping'))
  await rt.advance(1)
  assert.deepEqual(await o.output(), { receiptId: 'receipt-o-plain:charge' })
  assert.equal(gateway.ledger('o-plain').charges.length, 1)
  assert.deepEqual(gateway.ledger('o-plain').refunds, [])
})

test('a doubtful order tells its risk, waits for approval, and is charged after it', async () => {
  await using rt = await start()
  const risks: number[] = []
  rt.actor(order, 'o-doubt').on('DECIDED', ({ risk }) => risks.push(risk))
  const o = await place(rt, 'o-doubt', { asked: 7 })
  await o.waitFor(s => s.matches('approval') && s.hasTag('waiting'))
  assert.deepEqual(risks, [0.8])
  assert.equal(gateway.ledger('o-doubt').charges.length, 0)

  const { handled } = await o.ask({ type: 'APPROVE', by: 'ann' })
  assert.ok(handled)
  await o.waitFor(s => s.matches('shipping'))
  assert.equal(gateway.ledger('o-doubt').charges.length, 1)
})

test('an order too risky is rejected and never charged', async () => {
  await using rt = await start()
  const o = await place(rt, 'o-risk', { asked: 10 })
  await o.waitFor(s => s.matches('rejected'))
  assert.deepEqual(rt.calls('charge'), [])
})

test('cancelled while the charge is in flight: the charge is known, and refunded', async () => {
  await using rt = await start()
  const release = gateway.hold()
  const o = await place(rt, 'o-cancel')
  await o.waitFor(s => s.matches('charging'))
  const { snapshot } = await o.ask({ type: 'CANCEL', reason: 'changed my mind' })
  assert.ok(snapshot.matches('charging'), 'leaving would drop the result of the charge')
  release()
  const end = await o.waitFor(s => s.matches('rejected'))
  assert.deepEqual(end.context.undo, [])
  assert.equal(gateway.ledger('o-cancel').charges.length, 1)
  assert.deepEqual(gateway.ledger('o-cancel').refunds, ['o-cancel:charge'])
})

test('cancelled before it is shipped: refunded', async () => {
  await using rt = await start()
  const o = await place(rt, 'o-late')
  await o.waitFor(s => s.matches('shipping'))
  await o.send({ type: 'CANCEL', reason: 'too slow' })
  await o.waitFor(s => s.matches('rejected'))
  assert.deepEqual(gateway.ledger('o-late').refunds, ['o-late:charge'])
})

test('a declined card is not tried again', async () => {
  await using rt = await start()
  const o = await place(rt, 'o-declined', { amount: gateway.declinedAmount })
  await o.waitFor(s => s.matches('rejected'))
  assert.equal(rt.calls('charge').length, 1)
  assert.deepEqual(gateway.ledger('o-declined'), { charges: [], refunds: [] })
})

test('a crash in the middle of the charge: tried again under the same key, charged once', async () => {
  await using rt = await start()
  const release = gateway.hold()
  const o = await place(rt, 'o-crash')
  await o.waitFor(s => s.matches('charging'))
  await rt.crash()
  release()
  await rt.advance(500)
  await o.waitFor(s => s.matches('shipping'))
  const calls = rt.calls('charge')
  assert.deepEqual([calls.length, new Set(calls.map(call => call.idempotencyKey)).size], [2, 1])
  assert.equal(gateway.ledger('o-crash').charges.length, 1)
})
