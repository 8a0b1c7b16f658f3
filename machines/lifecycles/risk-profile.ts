/**
 * A customer's risk profile: one small keyed store a customer, asked by each of the customer's orders.
 * Asking is telling: the purchase in question is filed, and the answer is what was known at its moment.
 *
 * Only what comes with a purchase goes in. What became of other orders stays out on purpose: it would make
 * a score depend on how quickly other orders' activities happened to run.
 */
import { createStore } from '@xstate/store'
import { featuresAt, filePurchase, type KeptPurchase, type RiskFeatures } from './risk-features.js'

/** The type under which orders ask for it, and the question they ask. */
export const riskProfileType = 'risk-profile'
export const riskQuestion = 'features'

export interface RiskProfile {
  readonly purchases: readonly KeptPurchase[]
  /** The earliest purchase ever heard of, milliseconds since 1970. */
  readonly firstAt: number | undefined
  /** What was known at the purchase filed last. */
  readonly features: RiskFeatures | undefined
}

/** A purchase to be filed; `amount` in the shop's currency, `at` in milliseconds since 1970. */
export interface RiskProfileEvent {
  readonly type: 'PURCHASE'
  readonly orderId: string
  readonly amount: number
  readonly at: number
}

const empty: RiskProfile = { purchases: [], firstAt: undefined, features: undefined }

export const riskProfileStore = createStore({
  context: empty,
  on: {
    PURCHASE: (profile: RiskProfile, { at, amount }: Omit<RiskProfileEvent, 'type'>): RiskProfile => {
      const firstAt = Math.min(profile.firstAt ?? at, at)
      return {
        purchases: filePurchase(profile.purchases, [at, amount]),
        firstAt,
        features: featuresAt(profile.purchases, at, firstAt),
      }
    },
  },
})
