/**
 * What can be seen in a purchase and its customer's features that may speak against it: each a pure number,
 * near 0 for ordinary orders. Models weigh them (fraud-models.ts).
 */
import type { Purchase } from './order-facts.js'
import { type RiskFeatures, windows } from './risk-features.js'

export interface FraudCase {
  readonly purchase: Purchase
  readonly features: RiskFeatures
}

export type SignalName = keyof typeof signals

export const signals = {
  /** Doublings of orders in the last hour: 0, 1, 1.6, 2, 2.3 … for 0, 1, 2, 3, 4 earlier ones. */
  ordersLastHour: ({ features }: FraudCase) => Math.log2(1 + features.ordersHour),
  /** The same over a day, a weaker sign. */
  ordersLastDay: ({ features }: FraudCase) => Math.log2(1 + features.ordersDay),
  /** Tenfolds of 100 spent within a day, this order included. */
  spentLastDay: ({ features, purchase }: FraudCase) =>
    Math.log10(1 + (features.amountDay + purchase.amount) / 100),
  /** How far above 300 the order is: 1 at 800, 2 at 2,200; never more than 3. */
  dear: ({ purchase }: FraudCase) => between(0, Math.log(purchase.amount / 300), 3),
  /** How far above what the customer paid on average this month. */
  unlikeBefore: ({ features, purchase }: FraudCase) =>
    features.amountMonth === 0
      ? 0
      : between(0, Math.log((purchase.amount * features.ordersMonth) / features.amountMonth), 3),
  /** Known for less than a day and buying again. */
  hastyNewcomer: ({ features }: FraudCase) =>
    features.ordersMonth > 0 && features.tenureMs < windows.dayMs ? 1 : 0,
  /** More payment instruments than one; people do pay with a handful of vouchers. */
  instruments: ({ purchase }: FraudCase) => between(0, (purchase.instruments.length - 1) / 5, 1),
  /** Less paid than the items come to. */
  underpaid: ({ purchase }: FraudCase) =>
    purchase.listed !== undefined && purchase.amount < purchase.listed * 0.99 ? 1 : 0,
  /** Bought between midnight and six, UTC. */
  night: ({ purchase }: FraudCase) => (hourOf(purchase.at) < 6 ? 1 : 0),
  /** Bought of several sellers at once: stolen cards are emptied widely. 0, 1, 1.6, 2 … for 1, 2, 3, 4. */
  sellers: ({ purchase }: FraudCase) => Math.log2(purchase.shipments.length),
} as const satisfies Record<string, (facts: FraudCase) => number>

function between(low: number, value: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

function hourOf(at: number): number {
  return Math.floor(at / windows.hourMs) % 24
}
