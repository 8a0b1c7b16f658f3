import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { model1, model2 } from '../../../machines/lifecycles/fraud-models.js'
import { scoreFraud } from '../../../machines/lifecycles/fraud-scoring.js'
import type { FraudCase } from '../../../machines/lifecycles/fraud-signals.js'
import { dayMs, noon } from './order-life.js'

const ordinary: FraudCase = {
  purchase: {
    customer: 'c-1',
    at: noon,
    amount: 105,
    listed: 105,
    instruments: [{ type: 'credit_card', amount: 105 }],
    shipments: [{ seller: 'm-1', value: 105 }],
    promisedAt: undefined,
  },
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
    const { probability, decision } = scoreFraud(model1, ordinary)
    assert.ok(probability < 0.01, `${probability}`)
    assert.equal(decision, 'accept')
  })

  it('accepts a dear first order at night, paid with a handful of vouchers', () => {
    const purchase = {
      ...ordinary.purchase,
      at: noon - dayMs / 3,
      amount: 5_000,
      listed: 5_000,
      instruments: Array.from({ length: 12 }, () => ({ type: 'voucher', amount: 417 })),
    }
    assert.equal(scoreFraud(model1, { ...ordinary, purchase }).decision, 'accept')
  })

  it('accepts two orders within the hour', () => {
    assert.equal(scoreFraud(model1, burst(2, 900)).decision, 'accept')
  })

  it('doubts a third dear one and a fifth of any amount, and rejects a fourth dear one', () => {
    assert.equal(scoreFraud(model1, burst(3, 900)).decision, 'review')
    assert.equal(scoreFraud(model1, burst(4, 900)).decision, 'reject')
    assert.equal(scoreFraud(model1, burst(5, 20)).decision, 'review')
  })

  it('grows with the number of orders, and names speed first', () => {
    const probabilities = [1, 2, 3, 4, 5, 8].map(nth => scoreFraud(model1, burst(nth, 200)).probability)
    assert.deepEqual(
      probabilities,
      probabilities.toSorted((a, b) => a - b),
    )
    assert.equal(scoreFraud(model1, burst(5, 200)).reasons[0]?.signal, 'ordersLastHour')
  })

  it('decides by its thresholds', () => {
    const met = new Set<string>()
    for (const model of [model1, model2])
      for (const amount of [20, 100, 400, 900])
        for (const nth of [1, 2, 3, 4, 5, 6]) {
          const { probability, decision } = scoreFraud(model, burst(nth, amount))
          const below = probability < model.reviewFrom ? 'accept' : 'review'
          assert.equal(decision, probability < model.rejectFrom ? below : 'reject')
          met.add(`${model.name} ${decision}`)
        }
    assert.equal(met.size, 6)
  })

  it('sees only what it has a weight for', () => {
    const shipments = ['m-1', 'm-2', 'm-3', 'm-4'].map(seller => ({ seller, value: 50 }))
    const spread = { ...ordinary, purchase: { ...ordinary.purchase, shipments } }
    const rise = (model: typeof model1) =>
      scoreFraud(model, spread).probability - scoreFraud(model, ordinary).probability
    assert.equal(rise(model1), 0)
    assert.ok(rise(model2) > 0)
  })
})
