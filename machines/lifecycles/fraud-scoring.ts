/**
 * The fraud model: a logistic regression whose weights were set by hand, so that each can be argued with.
 * Pure arithmetic on what is known at the purchase; the same input gives the same score anywhere.
 *
 * `probability = 1 / (1 + e^-z)`, `z = bias + Σ weight × signal`. The bias puts a first, ordinary order at
 * 0.3 %. What condemns is speed: a third order within the hour passes the threshold when the sums are high,
 * a fourth or fifth whatever they are; two orders in a day do not come near it. No single signal but speed can
 * pass it alone: a dear first order, many vouchers, a purchase at night are what honest people do too.
 */
import type { Purchase } from './order-events.js'
import { type RiskFeatures, windows } from './risk-features.js'

export interface FraudCase {
  readonly purchase: Purchase
  readonly features: RiskFeatures
}

export interface FraudVerdict {
  readonly decision: 'accept' | 'reject'
  /** From 0 to 1, four digits. */
  readonly probability: number
  /** The signals that spoke against the order, strongest first, with what each added to `z`. */
  readonly reasons: readonly { readonly signal: SignalName; readonly weight: number }[]
  readonly model: string
}

type SignalName = keyof typeof signals

/** From this probability on an order is rejected. */
export const fraudThreshold = 0.5

const model = 'logistic-1'
const bias = -6

/** What the model looks at, each near 0 for ordinary orders, with the weight it has. */
const signals = {
  /** Doublings of orders in the last hour: 0, 1, 1.6, 2, 2.3 … for 0, 1, 2, 3, 4 earlier ones. */
  ordersLastHour: { weight: 2, of: ({ features }: FraudCase) => Math.log2(1 + features.ordersHour) },
  /** The same over a day, a weaker sign. */
  ordersLastDay: { weight: 0.6, of: ({ features }: FraudCase) => Math.log2(1 + features.ordersDay) },
  /** Tenfolds of 100 spent within a day, this order included. */
  spentLastDay: {
    weight: 0.8,
    of: ({ features, purchase }: FraudCase) => Math.log10(1 + (features.amountDay + purchase.amount) / 100),
  },
  /** How far above 300 the order is: 1 at 800, 2 at 2,200; never more than 3. */
  dear: { weight: 0.5, of: ({ purchase }: FraudCase) => between(0, Math.log(purchase.amount / 300), 3) },
  /** How far above what the customer paid on average this month. */
  unlikeBefore: {
    weight: 0.7,
    of: ({ features, purchase }: FraudCase) =>
      features.amountMonth === 0
        ? 0
        : between(0, Math.log((purchase.amount * features.ordersMonth) / features.amountMonth), 3),
  },
  /** Known for less than a day and buying again. */
  hastyNewcomer: {
    weight: 0.8,
    of: ({ features }: FraudCase) => (features.ordersMonth > 0 && features.tenureMs < windows.dayMs ? 1 : 0),
  },
  /** More payment instruments than one; people do pay with a handful of vouchers. */
  instruments: {
    weight: 0.5,
    of: ({ purchase }: FraudCase) => between(0, (purchase.instruments - 1) / 5, 1),
  },
  /** Less paid than the items come to. */
  underpaid: {
    weight: 1.5,
    of: ({ purchase }: FraudCase) =>
      purchase.listed !== undefined && purchase.amount < purchase.listed * 0.99 ? 1 : 0,
  },
  /** Bought between midnight and six, UTC. */
  night: { weight: 0.3, of: ({ purchase }: FraudCase) => (hourOf(purchase.at) < 6 ? 1 : 0) },
} as const satisfies Record<string, { weight: number; of: (facts: FraudCase) => number }>

/** Scores one purchase. */
export function scoreFraud(facts: FraudCase): FraudVerdict {
  const terms = Object.entries(signals).map(([signal, { weight, of }]) => ({
    signal: signal as SignalName,
    weight: round(weight * of(facts)),
  }))
  const z = terms.reduce((sum, term) => sum + term.weight, bias)
  const probability = round(1 / (1 + Math.exp(-z)))
  return {
    decision: probability < fraudThreshold ? 'accept' : 'reject',
    probability,
    reasons: terms.filter(term => term.weight > 0).sort((a, b) => b.weight - a.weight),
    model,
  }
}

function between(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

/** Four digits: enough to argue with, and free of last-bit differences between machines. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}

function hourOf(at: number): number {
  return Math.floor(at / windows.hourMs) % 24
}
