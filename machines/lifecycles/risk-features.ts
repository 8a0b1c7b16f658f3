/**
 * Sliding windows over a customer's purchases, in event time: a window ends at the moment of the purchase
 * asked about, not at the moment of asking. A purchase that is heard late is filed where it belongs and
 * sees only what came before it.
 *
 * Memory is bounded: `purchasesMax` newest purchases, none older than the widest window plus the lateness
 * allowed. Within those bounds windows are exact, whatever order the purchases come in.
 */

const hourMs = 3600_000
const dayMs = 24 * hourMs

export const windows = { hourMs, dayMs, monthMs: 30 * dayMs } as const

/** How far behind the newest a purchase may be heard and still see its whole month. */
export const latenessMsMax = 30 * dayMs

/** A customer with more purchases than that in two months has counts that stop there: far above any threshold. */
export const purchasesMax = 128

/** A purchase as kept: when, and how much. */
export type KeptPurchase = readonly [at: number, amount: number]

/** What is known of a customer at a purchase. Counts and amounts are of earlier purchases only. */
export interface RiskFeatures {
  readonly ordersHour: number
  readonly ordersDay: number
  readonly ordersMonth: number
  readonly amountHour: number
  readonly amountDay: number
  readonly amountMonth: number
  /** Time since the first purchase ever heard of; 0 for the first. */
  readonly tenureMs: number
}

/** Files a purchase; ties go after those already there. Answers a new list, oldest first. */
export function filePurchase(kept: readonly KeptPurchase[], purchase: KeptPurchase): KeptPurchase[] {
  let index = kept.length
  while (index > 0 && kept[index - 1]![0] > purchase[0]) index--
  const filed = kept.toSpliced(index, 0, purchase)
  const oldest = filed.at(-1)![0] - windows.monthMs - latenessMsMax
  const recent = filed[0]![0] < oldest ? filed.filter(([at]) => at >= oldest) : filed
  return recent.length > purchasesMax ? recent.slice(-purchasesMax) : recent
}

/** The features at a purchase made at `at`, from those filed before it. */
export function featuresAt(kept: readonly KeptPurchase[], at: number, firstAt: number): RiskFeatures {
  let [ordersHour, ordersDay, ordersMonth] = [0, 0, 0]
  let [amountHour, amountDay, amountMonth] = [0, 0, 0]
  for (let index = kept.length - 1; index >= 0; index--) {
    const [earlier, amount] = kept[index]!
    if (earlier > at) continue
    const age = at - earlier
    if (age >= windows.monthMs) break
    ordersMonth++
    amountMonth += amount
    if (age < windows.dayMs) {
      ordersDay++
      amountDay += amount
    }
    if (age < windows.hourMs) {
      ordersHour++
      amountHour += amount
    }
  }
  return {
    ordersHour,
    ordersDay,
    ordersMonth,
    amountHour: cents(amountHour),
    amountDay: cents(amountDay),
    amountMonth: cents(amountMonth),
    tenureMs: Math.max(0, at - firstAt),
  }
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100
}
