import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { latenessMsMax, purchasesMax, type RiskFeatures } from '../../../machines/lifecycles/risk-features.js'
import { riskProfileStore } from '../../../machines/lifecycles/risk-profile.js'
import { dayMs, hourMs, noon } from './order-life.js'

type Buy = { at: number; amount: number }

/** The answers a fresh profile gives to the purchases, in the order they are heard. */
function ask(...heard: Buy[]): RiskFeatures[] {
  let profile = riskProfileStore.getInitialSnapshot()
  return heard.map(buy => {
    ;[profile] = riskProfileStore.transition(profile, { type: 'PURCHASE', orderId: 'o', ...buy })
    return profile.context.features!
  })
}

/** A second, dumber account of the windows: over all that was heard before, with no list to keep. */
function count(earlier: Buy[], { at }: Buy, windowMs: number): [number, number] {
  const inside = earlier.filter(one => one.at <= at && at - one.at < windowMs)
  return [inside.length, Math.round(inside.reduce((sum, one) => sum + one.amount, 0) * 100) / 100]
}

describe('a risk profile', () => {
  it('knows nothing at the first purchase', () => {
    assert.deepEqual(ask({ at: noon, amount: 80 }), [
      {
        ordersHour: 0,
        ordersDay: 0,
        ordersMonth: 0,
        amountHour: 0,
        amountDay: 0,
        amountMonth: 0,
        tenureMs: 0,
      },
    ])
  })

  it('counts earlier purchases in the windows that end at the one asked about', () => {
    const last = ask(
      { at: noon - 31 * dayMs, amount: 1_000 },
      { at: noon - 29 * dayMs, amount: 100 },
      { at: noon - 23 * hourMs, amount: 10 },
      { at: noon - 59 * 60_000, amount: 1 },
      { at: noon, amount: 5 },
    ).at(-1)
    assert.deepEqual(last, {
      ordersHour: 1,
      ordersDay: 2,
      ordersMonth: 3,
      amountHour: 1,
      amountDay: 11,
      amountMonth: 111,
      tenureMs: 31 * dayMs,
    })
  })

  it('is exact whatever order purchases are heard in, while they are not too late', () => {
    const buy = fc.record({
      at: fc.integer({ min: 0, max: latenessMsMax }).map(ms => noon + ms),
      amount: fc.integer({ min: 1, max: 50_000 }).map(cents => cents / 100),
    })
    fc.assert(
      fc.property(fc.array(buy, { maxLength: 40 }), buys => {
        for (const [index, features] of ask(...buys).entries()) {
          const earlier = buys.slice(0, index)
          const asked = buys[index]!
          assert.deepEqual([features.ordersHour, features.amountHour], count(earlier, asked, hourMs))
          assert.deepEqual([features.ordersDay, features.amountDay], count(earlier, asked, dayMs))
          assert.deepEqual([features.ordersMonth, features.amountMonth], count(earlier, asked, 30 * dayMs))
        }
      }),
    )
  })

  it('stays small for a customer who never stops buying', () => {
    const frantic = Array.from({ length: 5_000 }, (_, nth) => ({ at: noon + nth * 1_000, amount: 1 }))
    let profile = riskProfileStore.getInitialSnapshot()
    for (const buy of frantic)
      [profile] = riskProfileStore.transition(profile, { type: 'PURCHASE', orderId: 'o', ...buy })
    assert.equal(profile.context.purchases.length, purchasesMax)
    assert.equal(profile.context.features?.ordersHour, purchasesMax)
  })

  it('forgets what no window can reach any more', () => {
    let profile = riskProfileStore.getInitialSnapshot()
    for (let month = 0; month < 24; month++)
      [profile] = riskProfileStore.transition(profile, {
        type: 'PURCHASE',
        orderId: 'o',
        at: noon + month * 30 * dayMs,
        amount: 1,
      })
    assert.ok(profile.context.purchases.length <= 3)
    assert.equal(profile.context.features?.tenureMs, 23 * 30 * dayMs)
  })
})
