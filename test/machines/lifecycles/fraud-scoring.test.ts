import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type FraudCase, fraudThreshold, scoreFraud } from '../../../machines/lifecycles/fraud-scoring.js'
import { dayMs, noon } from './order-life.js'

const ordinary: FraudCase = {
  purchase: { customer: 'c-1', at: noon, amount: 105, listed: 105, instruments: 1, sellers: 1 },
  features: {
    ordersHour: 0,
    ordersDay: 0,
    ordersMonth: 0,
    amountHour: 0,
    amountDay: 0,
    amountMonth: 0,
    tenureMs: 0,
  },
}

/** The case of the nth order within minutes, all of the same amount. */
function burst(nth: number, amount: number): FraudCase {
  const [orders, spent] = [nth - 1, (nth - 1) * amount]
  return {
    purchase: { ...ordinary.purchase, amount, listed: amount },
    features: {
      ordersHour: orders,
      ordersDay: orders,
      ordersMonth: orders,
      amountHour: spent,
      amountDay: spent,
      amountMonth: spent,
      tenureMs: orders * 60_000,
    },
  }
}

describe('the fraud model', () => {
  it('thinks nothing of an ordinary first order', () => {
    const { probability, decision } = scoreFraud(ordinary)
    assert.ok(probability < 0.01, `${probability}`)
    assert.equal(decision, 'accept')
  })

  it('accepts a dear first order at night, paid with a handful of vouchers', () => {
    const purchase = {
      ...ordinary.purchase,
      at: noon - dayMs / 3,
      amount: 5_000,
      listed: 5_000,
      instruments: 12,
    }
    assert.equal(scoreFraud({ ...ordinary, purchase }).decision, 'accept')
  })

  it('accepts two orders within the hour', () => {
    assert.equal(scoreFraud(burst(2, 900)).decision, 'accept')
  })

  it('rejects a third dear one, and a fifth of any amount', () => {
    assert.equal(scoreFraud(burst(3, 900)).decision, 'reject')
    assert.equal(scoreFraud(burst(5, 20)).decision, 'reject')
  })

  it('grows with the number of orders, and names speed first', () => {
    const probabilities = [1, 2, 3, 4, 5, 8].map(nth => scoreFraud(burst(nth, 200)).probability)
    assert.deepEqual(
      probabilities,
      probabilities.toSorted((a, b) => a - b),
    )
    assert.equal(scoreFraud(burst(5, 200)).reasons[0]?.signal, 'ordersLastHour')
  })

  it('decides by its threshold', () => {
    for (const nth of [1, 2, 3, 4, 5, 6]) {
      const { probability, decision } = scoreFraud(burst(nth, 100))
      assert.equal(decision, probability < fraudThreshold ? 'accept' : 'reject')
    }
  })
})
