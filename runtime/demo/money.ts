/**
 * Whether money is where it belongs: what the gateway's ledger says the shop has of each order, against how
 * the order ended and what the shop said it came to.
 */
import type { OrderPayment } from '../../machines/lifecycles/order-events.js'
import { isPaidFor } from './order-state.js'

export interface MoneyFindings {
  /** Orders of which the shop has more or less than it should. */
  readonly misplaced: number
  /** Of these, orders that ended cancelled or rejected, and whose money never went back. */
  readonly cancelledUnrefunded: number
}

/** `amounts` and `kept`: by order id, in the shop's currency. */
export function findMoney(
  states: ReadonlyMap<string, string>,
  amounts: ReadonlyMap<string, number>,
  kept: ReadonlyMap<string, number>,
): MoneyFindings {
  let misplaced = [...kept.keys()].filter(orderId => !states.has(orderId)).length
  let cancelledUnrefunded = 0
  for (const [orderId, state] of states) {
    const due = isPaidFor(state) ? (amounts.get(orderId) ?? 0) : 0
    const found = kept.get(orderId) ?? 0
    if (found !== due) misplaced++
    if (found > 0 && (state === 'cancelled' || state === 'rejected')) cancelledUnrefunded++
  }
  return { misplaced, cancelledUnrefunded }
}

/** What the payments of a purchase come to, in the shop's currency. */
export function paymentsIn(payments: readonly OrderPayment[]): number {
  return payments.reduce((sum, { value }) => sum + Math.round(value * 100), 0) / 100
}
