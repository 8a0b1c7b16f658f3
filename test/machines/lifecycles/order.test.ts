import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import { runs } from '../../support/effort.js'
import {
  approved,
  cancel,
  dayMs,
  deadline,
  delivered,
  handedOver,
  hourMs,
  noon,
  OrderLife,
  purchased,
} from './order-life.js'

describe('an order', () => {
  it('goes from purchase to doorstep, and every decision is published', async () => {
    const life = await new OrderLife().hear(purchased(), approved, handedOver, delivered)
    assert.equal(life.snapshot.status, 'done')
    assert.deepEqual(life.snapshot.output, {
      outcome: 'delivered',
      probability: life.snapshot.context.verdict?.probability,
      charged: 100,
      refunded: 0,
      receipts: ['receipt of o-1:charge:1'],
      bookings: ['booking of o-1:book:m-1'],
      overdue: false,
      reason: undefined,
      byHand: [],
    })
    assert.deepEqual(life.calls, ['charge o-1:charge:1', 'notify o-1:confirm', 'book o-1:book:m-1'])
    assert.deepEqual(life.entryTypes, [
      'RAW',
      'ENRICHED',
      'DECIDED',
      'CHARGED',
      'NOTIFIED',
      'BOOKED',
      'IN_TRANSIT',
      'DELIVERED',
      'SETTLED',
    ])
    assert.deepEqual(life.entries[3], {
      type: 'CHARGED',
      orderId: 'o-1',
      agent: 'payment',
      payload: {
        key: 'o-1:charge:1',
        instrument: 'credit_card',
        amount: 100,
        receiptId: 'receipt of o-1:charge:1',
      },
      timestamp: noon + hourMs,
    })
  })

  it('charges nothing before the payment is approved', async () => {
    const life = await new OrderLife().hear(purchased())
    assert.equal(life.stage, 'awaitingPayment')
    assert.deepEqual(life.calls, [])
  })

  it('unpaid for a week says so once, and lives on', async () => {
    const life = await new OrderLife().hear(purchased())
    await life.pass(7 * dayMs - 1)
    assert.ok(!life.entryTypes.includes('PAYMENT_OVERDUE'))
    await life.pass(1)
    await life.pass(7 * dayMs)
    assert.equal(life.entryTypes.filter(type => type === 'PAYMENT_OVERDUE').length, 1)
    await life.hear(approved)
    assert.equal(life.stage, 'awaitingCarrier')
  })

  it('paid in time never hears of the week', async () => {
    const life = await new OrderLife().hear(purchased(), approved)
    await life.pass(30 * dayMs)
    assert.ok(!life.entryTypes.includes('PAYMENT_OVERDUE'))
  })

  it('is overdue after its deadline and can still be handed over and delivered', async () => {
    const life = await new OrderLife().hear(purchased(), approved, deadline)
    assert.equal(life.stage, 'awaitingCarrier')
    assert.ok(life.snapshot.hasTag('overdue'))
    await life.hear(handedOver)
    assert.equal(life.stage, 'inTransit')
    assert.ok(life.snapshot.hasTag('overdue'))
    await life.hear(delivered)
    assert.deepEqual([life.snapshot.output?.outcome, life.snapshot.output?.overdue], ['delivered', true])
  })

  it('may be born by being handed over, and takes each fact when its turn comes', async () => {
    const life = await new OrderLife().hear(handedOver)
    assert.equal(life.stage, 'awaitingPurchase')
    await life.hear(purchased())
    assert.equal(life.stage, 'awaitingPayment')
    await life.hear(approved)
    assert.equal(life.stage, 'inTransit')
    assert.equal(life.calls.length, 3)
    assert.deepEqual(life.entries[0]?.payload, { fact: 'HANDED_TO_CARRIER' })
  })

  it('ends the same in whatever order its facts come', async () => {
    const facts = [purchased(), approved, handedOver, delivered]
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(facts, { minLength: 4 }), async order => {
        const life = await new OrderLife().hear(...order)
        assert.equal(life.stage, 'delivered')
        assert.deepEqual(life.calls, ['charge o-1:charge:1', 'notify o-1:confirm', 'book o-1:book:m-1'])
      }),
      { numRuns: 24 },
    )
  })

  it('stands where its facts allow, whichever came and in whatever order', async () => {
    const facts = [purchased(), approved, handedOver, delivered, deadline]
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(facts), async order => {
        const life = await new OrderLife().hear(...order)
        assert.equal(life.stage, expectedStage(order))
      }),
      { numRuns: runs(200) },
    )
  })

  it('takes a fact once: the second time it has no transition', async () => {
    const life = await new OrderLife().hear(purchased(), approved)
    assert.equal(life.snapshot.can(approved), false)
    assert.equal(life.snapshot.can(purchased({ amount: 5 })), false)
    await life.hear(approved)
    assert.equal(life.calls.filter(call => call.startsWith('charge')).length, 1)
  })

  it('is reviewed or rejected when the fraud agent says so, and nothing is charged', async () => {
    const profiles = new Map()
    const decisions: unknown[] = []
    for (let nth = 1; nth <= 6; nth++) {
      const at = noon + nth * 60_000
      const life = new OrderLife(`o-${nth}`, profiles)
      await life.hear(purchased({ at, amount: 900 }), { type: 'PAYMENT_APPROVED', at: at + 1 })
      decisions.push(life.stage)
      if (life.stage === 'rejected') assert.deepEqual(life.calls, [])
      if (nth === 3) assert.deepEqual(life.calls, ['askReviewer o-3:review'])
    }
    assert.deepEqual(decisions, [
      'awaitingCarrier',
      'awaitingCarrier',
      'reviewing.answering',
      'rejected',
      'rejected',
      'rejected',
    ])
  })

  it('that hears more after its end has no transition for it', async () => {
    const life = await new OrderLife().hear(purchased(), approved, handedOver, delivered)
    for (const late of [deadline, cancel]) assert.equal(life.snapshot.can(late), false)
  })
})

describe('a cancellation', () => {
  it('before the purchase ends the order, and nothing was done', async () => {
    const life = await new OrderLife().hear(cancel)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls, [])
  })

  it('before the payment undoes nothing', async () => {
    const life = await new OrderLife().hear(purchased(), cancel)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls, [])
    assert.equal(life.snapshot.output?.reason, 'changed my mind')
  })

  it('when awaiting the carrier undoes everything, newest first', async () => {
    const life = await new OrderLife().hear(purchased(), approved, cancel)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls.slice(3), [
      'cancelBooking o-1:book:m-1',
      'notify o-1:retract',
      'refund o-1:charge:1',
    ])
    assert.deepEqual(
      life.entries.filter(entry => entry.type === 'UNDONE').map(entry => entry.payload.by),
      ['cancelBooking', 'retract', 'refund'],
    )
  })

  it('in transit gives the money back, and leaves the booking that the carrier has', async () => {
    const life = await new OrderLife().hear(purchased(), approved, handedOver, cancel)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls.slice(3), ['notify o-1:retract', 'refund o-1:charge:1'])
  })

  it('during the charge waits for it to settle, then refunds', async () => {
    const life = new OrderLife()
    life.hold('charge')
    await life.hear(purchased(), approved, cancel)
    assert.equal(life.stage, 'charging.instrument')
    await life.release('charge')
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls, ['charge o-1:charge:1', 'refund o-1:charge:1'])
    const { charged, refunded, receipts } = life.snapshot.output!
    assert.deepEqual([charged, refunded, receipts], [100, 100, ['receipt of o-1:charge:1']])
  })

  it('during the booking waits for it to settle, then undoes it too', async () => {
    const life = new OrderLife()
    life.hold('book')
    await life.hear(purchased(), approved, cancel)
    assert.equal(life.stage, 'booking')
    await life.release('book')
    assert.deepEqual(life.calls.slice(2), [
      'book o-1:book:m-1',
      'cancelBooking o-1:book:m-1',
      'notify o-1:retract',
      'refund o-1:charge:1',
    ])
  })

  it('after delivery has no transition', async () => {
    const life = await new OrderLife().hear(purchased(), approved, handedOver, delivered, cancel)
    assert.equal(life.stage, 'delivered')
    assert.equal(life.calls.length, 3)
  })
})

describe('a deed that fails for good', () => {
  it('cancels the order and undoes the deed itself too, since it may have happened', async () => {
    const life = new OrderLife()
    life.fail('charge')
    await life.hear(purchased(), approved)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls, ['charge o-1:charge:1', 'refund o-1:charge:1'])
    assert.equal(life.snapshot.output?.reason, 'charge is out of order')
  })

  it('does not stop an order whose customer could not be told', async () => {
    const life = new OrderLife()
    life.fail('notify')
    await life.hear(purchased(), approved, handedOver, delivered)
    assert.equal(life.stage, 'delivered')
    assert.ok(life.entryTypes.includes('STEP_FAILED'))
  })

  it('while undoing keeps the order open for a person, and the rest is still undone', async () => {
    const life = new OrderLife()
    life.fail('cancelBooking')
    await life.hear(purchased(), approved, cancel)
    assert.equal(life.stage, 'compensating.unresolved')
    assert.ok(life.snapshot.hasTag('unresolved'))
    assert.equal(life.calls.at(-1), 'refund o-1:charge:1')
    assert.deepEqual(life.entries.at(-1)?.payload.unresolved, [
      { by: 'cancelBooking', key: 'o-1:book:m-1', seller: 'm-1' },
    ])
  })
})

/** A second, dumber account of where facts lead. */
function expectedStage(facts: readonly OrderEvent[]): string {
  const has = (type: OrderEvent['type']) => facts.some(fact => fact.type === type)
  if (!has('PURCHASED')) return 'awaitingPurchase'
  if (!has('PAYMENT_APPROVED')) return 'awaitingPayment'
  if (!has('HANDED_TO_CARRIER')) return 'awaitingCarrier'
  return has('DELIVERED') ? 'delivered' : 'inTransit'
}

it('keeps its deadline apart from its stage', async () => {
  const life = await new OrderLife().hear({ type: 'ESTIMATED_DELIVERY_DEADLINE', at: noon - dayMs })
  assert.deepEqual(life.snapshot.value, { open: { stage: 'awaitingPurchase', schedule: 'overdue' } })
})
