import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateOrders } from '../../../runtime/demo/order-generator.js'
import { type OrderRecord, parseRecord } from '../../../runtime/demo/order-record.js'

const records = [...generateOrders(3_000, 7)]

/** Each order's types, in order of time. */
function courses(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { order_id, type } of records) found.set(order_id, [...(found.get(order_id) ?? []), type])
  return found
}

describe('made-up orders', () => {
  it('are the same for the same seed, and others for another', () => {
    assert.deepEqual([...generateOrders(200, 7)], [...generateOrders(200, 7)])
    assert.notDeepEqual([...generateOrders(200, 7)], [...generateOrders(200, 8)])
  })

  it('are as many as asked for, each with its purchase and its deadline', () => {
    const found = courses()
    assert.equal(found.size, 3_000)
    for (const types of found.values())
      assert.equal(types.filter(type => /PURCHASED|ESTIMATED/.test(type)).length, 2)
    assert.deepEqual([...generateOrders(0, 1)], [])
  })

  it('come in order of time, as records that can be read', () => {
    for (const [index, record] of records.entries()) {
      parseRecord(JSON.stringify(record), `record ${index}`)
      assert.ok(index === 0 || records[index - 1]!.ts <= record.ts, `record ${index}`)
    }
  })

  it('are paid with what their items come to', () => {
    for (const { type, items, payments } of records as (OrderRecord & Basket)[]) {
      if (type !== 'PURCHASED') continue
      const listed = items.reduce((sum, { price, freight }) => sum + price + freight, 0)
      const paid = payments.reduce((sum, { value }) => sum + value, 0)
      assert.ok(Math.abs(listed - paid) < 0.01, `${listed} ${paid}`)
    }
  })

  it('hold every mishap: impossible orders, cancellations, unpaid, and customers in a hurry', () => {
    const kinds = new Set([...courses().values()].map(types => types.join(' ')))
    const met = (pattern: RegExp) => [...kinds].some(kind => pattern.test(kind))
    assert.ok(met(/^HANDED_TO_CARRIER PURCHASED/))
    assert.ok(met(/^PURCHASED HANDED_TO_CARRIER PAYMENT_APPROVED/))
    assert.ok(met(/DELIVERED HANDED_TO_CARRIER/))
    assert.ok(met(/^CANCEL PURCHASED/))
    assert.ok(met(/^PURCHASED CANCEL/))
    assert.ok(met(/HANDED_TO_CARRIER CANCEL/))
    assert.ok(met(/DELIVERED.* CANCEL/))
    assert.ok(met(/^PURCHASED ESTIMATED_DELIVERY_DEADLINE$/))
    assert.ok(met(/ESTIMATED_DELIVERY_DEADLINE DELIVERED$/))
    const orders = new Map<unknown, number>()
    for (const { customer } of records)
      if (customer !== undefined) orders.set(customer, (orders.get(customer) ?? 0) + 1)
    assert.ok(Math.max(...orders.values()) >= 5)
  })

  it('stream: the first come without the rest being made', () => {
    const stream = generateOrders(Number.MAX_SAFE_INTEGER, 1)
    for (let taken = 0; taken < 1_000; taken++) assert.equal(stream.next().done, false)
  })
})

interface Basket {
  readonly items: readonly { readonly price: number; readonly freight: number }[]
  readonly payments: readonly { readonly value: number }[]
}
