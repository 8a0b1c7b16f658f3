import assert from 'node:assert/strict'
import { test } from 'node:test'
import { activity, defineActor } from 'perdure'
import { createTestRuntime } from 'perdure/testing'
import { orderMachine, profile } from './order.js'

type ProfileEvent = { type: 'SCORE'; amount: number } | { type: 'RECORD'; amount: number }
type ChargeIn = { key: string; amount: number }
test('nobody approves within 24 h: rejected, never charged', async () => {
  const machine = orderMachine.provide({
    actors: {
      score: activity<number, { key: string; event: ProfileEvent }>(async () => 0.8),
      charge: activity<{ receiptId: string }, ChargeIn>(async () => ({ receiptId: 'r1' })),
    },
  })
  await using rt = await createTestRuntime({
    actors: [defineActor({ machine }), profile],
    now: '2026-01-01T00:00:00Z',
  })
  const o = rt.actor(defineActor({ machine }), 'o-1')
  await o.start({ orderId: 'o-1', customer: 'c', amount: 10 })
  await o.waitFor(s => s.matches('approval'))
  await rt.advance(24 * 3600_000 - 1)
  assert.ok((await o.getSnapshot())!.matches('approval'))
  await rt.crash() // drop memory, recover from the journal
  await rt.advance(1)
  assert.ok((await o.getSnapshot())!.matches('rejected'))
  assert.equal(rt.calls('charge').length, 0)
})
