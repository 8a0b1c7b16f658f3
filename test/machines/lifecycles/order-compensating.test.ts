import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import { approved, cancel, delivered, handedOver, OrderLife, purchased } from './order-life.js'

const retry: OrderEvent = { type: 'RETRY_UNDO', by: 'bob' }
const byHand: OrderEvent = { type: 'SETTLED_BY_HAND', by: 'bob', note: 'transfer 4711' }

/** An order that was cancelled, and of which these deeds could not be undone. */
async function unresolved(...deeds: ('refund' | 'cancelBooking')[]): Promise<OrderLife> {
  const life = new OrderLife()
  for (const deed of deeds) life.fail(deed)
  return life.hear(purchased(), approved, cancel)
}

describe('what could not be undone', () => {
  it('is told of, and waits for an operator', async () => {
    const life = await unresolved('refund', 'cancelBooking')
    assert.equal(life.stage, 'compensating.unresolved')
    assert.equal(life.snapshot.status, 'active')
    assert.equal(life.entryTypes.filter(type => type === 'UNDO_FAILED').length, 2)
    assert.equal(life.entryTypes.at(-1), 'UNRESOLVED')
  })

  it('is tried again when the operator says so, newest first, and only that', async () => {
    const life = await unresolved('refund', 'cancelBooking')
    const before = life.calls.length
    life.mend()
    await life.hear(retry)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls.slice(before), ['cancelBooking o-1:book:m-1', 'refund o-1:charge:1'])
    assert.deepEqual([life.snapshot.output?.refunded, life.snapshot.output?.byHand], [100, []])
    assert.equal(life.entries.find(({ type }) => type === 'UNDO_RETRIED')?.agent, 'operator:bob')
  })

  it('waits again when it fails again', async () => {
    const life = await (await unresolved('refund')).hear(retry, retry)
    assert.equal(life.stage, 'compensating.unresolved')
    assert.equal(life.calls.filter(call => call.startsWith('refund')).length, 3)
  })

  it('settled by hand ends the order, with who did it and how', async () => {
    const life = await (await unresolved('refund')).hear(byHand)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.snapshot.output?.byHand, ['refund o-1:charge:1'])
    const settled = life.entries.find(({ type }) => type === 'SETTLED_BY_HAND')
    assert.deepEqual([settled?.agent, settled?.payload.note], ['operator:bob', 'transfer 4711'])
  })

  it('is no matter for an order that owes nothing', async () => {
    const life = await new OrderLife().hear(purchased(), approved)
    for (const word of [retry, byHand]) assert.equal(life.snapshot.can(word), false)
  })
})

describe('while an order is being cancelled', () => {
  it('a cancellation has no transition', async () => {
    const life = new OrderLife()
    life.hold('refund')
    await life.hear(purchased(), approved, cancel)
    assert.equal(life.stage, 'compensating.refunding')
    assert.equal(life.snapshot.can(cancel), false)
    await life.release('refund')
    assert.equal(life.stage, 'cancelled')
  })

  it('one that failed by itself has none either', async () => {
    const life = new OrderLife()
    life.fail('charge')
    life.hold('refund')
    await life.hear(purchased(), approved)
    assert.equal(life.snapshot.can(cancel), false)
  })

  it('what the carrier does is noted for whoever settles it', async () => {
    const life = await (await unresolved('cancelBooking')).hear(handedOver, delivered)
    assert.deepEqual(
      life.entries.filter(({ type }) => type === 'FACT_LATE').map(({ payload }) => payload.fact),
      ['HANDED_TO_CARRIER', 'DELIVERED'],
    )
    assert.equal(life.stage, 'compensating.unresolved')
  })
})
