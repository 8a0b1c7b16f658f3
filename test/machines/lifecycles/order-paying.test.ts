import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { approved, cancel, delivered, handedOver, OrderLife, purchased } from './order-life.js'

const payments = { voucher: 30, debit_card: 20, credit_card: 50 }

describe('a payment split over several instruments', () => {
  it('is charged in order, each under its own key, and added up', async () => {
    const life = await new OrderLife().hear(purchased({ payments }), approved, handedOver, delivered)
    assert.deepEqual(life.calls.slice(0, 3), [
      'charge o-1:charge:1',
      'charge o-1:charge:2',
      'charge o-1:charge:3',
    ])
    assert.deepEqual(
      life.entries
        .filter(({ type }) => type === 'CHARGED')
        .map(({ payload }) => [payload.instrument, payload.amount]),
      Object.entries(payments),
    )
    assert.equal(life.snapshot.output?.charged, 100)
  })

  it('of which one is declined gives back those charged before, newest first', async () => {
    const life = new OrderLife()
    life.fail('charge', 'o-1:charge:3')
    await life.hear(purchased({ payments }), approved)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls.slice(3), [
      'refund o-1:charge:3',
      'refund o-1:charge:2',
      'refund o-1:charge:1',
    ])
    const { charged, refunded, receipts } = life.snapshot.output!
    assert.deepEqual([charged, refunded, receipts.length], [50, 50, 2])
  })

  it('cancelled in between charges no more', async () => {
    const life = new OrderLife()
    life.hold('charge')
    await life.hear(purchased({ payments }), approved, cancel)
    await life.release('charge')
    assert.deepEqual(life.calls, ['charge o-1:charge:1', 'refund o-1:charge:1'])
  })

  it('leaves out what has no value, and charges nothing where nothing is to pay', async () => {
    const life = await new OrderLife().hear(purchased({ payments: { voucher: 0 } }), approved)
    assert.equal(life.stage, 'awaitingCarrier')
    assert.ok(life.calls.every(call => !call.startsWith('charge')))
  })
})
