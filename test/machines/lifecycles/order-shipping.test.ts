import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OrderEvent } from '../../../machines/lifecycles/order-events.js'
import { approved, cancel, dayMs, handedOver, noon, OrderLife, purchased } from './order-life.js'

const sellers = { 'm-1': 60, 'm-2': 30, 'm-3': 10 }
const bought = purchased({ sellers, payments: { voucher: 50, credit_card: 50 } })
const shipped = (shipment: string): OrderEvent => ({ type: 'HANDED_TO_CARRIER', at: noon + dayMs, shipment })
const arrived = (shipment: string): OrderEvent => ({ type: 'DELIVERED', at: noon + 2 * dayMs, shipment })

describe('an order of several sellers', () => {
  it('books a shipment for each, and is delivered when all are', async () => {
    const life = await new OrderLife().hear(bought, approved)
    assert.deepEqual(life.calls.slice(-3), ['book o-1:book:m-1', 'book o-1:book:m-2', 'book o-1:book:m-3'])
    await life.hear(shipped('m-2'))
    assert.equal(life.stage, 'partlyShipped')
    await life.hear(arrived('m-2'), shipped('m-1'), shipped('m-3'))
    assert.equal(life.stage, 'inTransit')
    await life.hear(arrived('m-3'))
    assert.equal(life.stage, 'inTransit')
    await life.hear(arrived('m-1'))
    assert.equal(life.stage, 'delivered')
    assert.equal(life.entryTypes.filter(type => type === 'SHIPMENT_HANDED_OVER').length, 3)
    assert.equal(life.entryTypes.filter(type => type === 'SHIPMENT_DELIVERED').length, 3)
  })

  it('takes what is said of the whole order for all its shipments', async () => {
    const life = await new OrderLife().hear(bought, approved, shipped('m-1'), handedOver)
    assert.equal(life.stage, 'inTransit')
    assert.equal(life.snapshot.can(shipped('m-2')), false)
  })

  it('has no transition for a shipment it does not have, or that was told of before', async () => {
    const life = await new OrderLife().hear(bought, approved, shipped('m-1'))
    for (const told of [shipped('m-1'), shipped('m-9')]) assert.equal(life.snapshot.can(told), false)
  })

  it('that cannot all be booked books none, and gives the money back', async () => {
    const life = new OrderLife()
    life.fail('book', 'o-1:book:m-3')
    await life.hear(bought, approved)
    assert.equal(life.stage, 'cancelled')
    assert.deepEqual(life.calls.slice(-6), [
      'cancelBooking o-1:book:m-3',
      'cancelBooking o-1:book:m-2',
      'cancelBooking o-1:book:m-1',
      'notify o-1:retract',
      'refund o-1:charge:2',
      'refund o-1:charge:1',
    ])
    assert.equal(life.snapshot.output?.reason, 'book is out of order')
  })

  it('cancelled when part of it is shipped cancels the rest, and gives back all that was not delivered', async () => {
    const life = await new OrderLife().hear(
      bought,
      approved,
      ...[shipped('m-1'), shipped('m-2'), arrived('m-1'), cancel],
    )
    assert.deepEqual(life.calls.slice(-3), [
      'cancelBooking o-1:book:m-3',
      'notify o-1:retract',
      'refund o-1:charge:2',
    ])
    // Of 100 paid 60 arrived: of the second 50 there is 40 to give back, of the first nothing.
    const { charged, refunded } = life.snapshot.output!
    assert.deepEqual([charged, refunded], [100, 40])
    assert.deepEqual(life.entries.at(-1)?.payload, {
      outcome: 'cancelled',
      charged: 100,
      refunded: 40,
      kept: 60,
    })
  })
})
