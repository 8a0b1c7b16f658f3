import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findMoney } from '../../../runtime/demo/money.js'

const states = new Map([
  ['a', 'delivered'],
  ['b', 'cancelled'],
  ['c', 'awaiting payment, overdue'],
  ['d', 'in transit, overdue'],
])
const amounts = new Map([...states.keys()].map(orderId => [orderId, 10]))

describe('money', () => {
  it('is where it belongs when the shop has what paid orders came to, and of others nothing', () => {
    const kept = new Map([...'ad'].map(orderId => [orderId, 10]))
    assert.deepEqual(findMoney(states, amounts, kept), { misplaced: 0, cancelledUnrefunded: 0 })
  })

  for (const [what, kept, expected] of [
    ['an order was charged twice', { a: 20, d: 10 }, { misplaced: 1, cancelledUnrefunded: 0 }],
    ['a cancelled order was not refunded', { a: 10, b: 10, d: 10 }, { misplaced: 1, cancelledUnrefunded: 1 }],
    ['or in part', { a: 10, b: 0.01, d: 10 }, { misplaced: 1, cancelledUnrefunded: 1 }],
    ['a delivered order was not paid', { d: 10 }, { misplaced: 1, cancelledUnrefunded: 0 }],
    ['nobody ordered', { a: 10, d: 10, x: 1 }, { misplaced: 1, cancelledUnrefunded: 0 }],
  ] as const)
    it(`is misplaced when ${what}`, () =>
      assert.deepEqual(findMoney(states, amounts, new Map(Object.entries(kept))), expected))
})
