/**
 * What an order hears and what it says: the facts and wishes that come from outside, and the entries it
 * publishes. Facts keep the names and fields of the shop's own records; `at` is when a fact happened,
 * milliseconds since 1970 UTC, whenever it is heard.
 */

export interface OrderItem {
  readonly sku: string
  readonly seller: string
  readonly price: number
  readonly freight: number
}

/** One of the instruments an order is paid with. `value` in the shop's currency. */
export interface OrderPayment {
  readonly type: string
  readonly installments: number
  readonly value: number
}

export type OrderEvent =
  | {
      readonly type: 'PURCHASED'
      readonly at: number
      readonly customer: string
      readonly items: readonly OrderItem[]
      readonly payments: readonly OrderPayment[]
    }
  | { readonly type: 'PAYMENT_APPROVED'; readonly at: number }
  | { readonly type: 'HANDED_TO_CARRIER'; readonly at: number }
  | { readonly type: 'DELIVERED'; readonly at: number }
  | { readonly type: 'ESTIMATED_DELIVERY_DEADLINE'; readonly at: number }
  | { readonly type: 'CANCEL'; readonly at: number; readonly reason: string }

/** The order in which an order's facts are meant to come. */
export const courseOfFacts = ['PURCHASED', 'PAYMENT_APPROVED', 'HANDED_TO_CARRIER', 'DELIVERED'] as const

/** Everything that may be noted on an order, with the time it happened. */
export type OrderFacts = Partial<Record<OrderEvent['type'], number>>

/** What later stages need of a purchase; the whole of it stays in the actor's history. */
export interface Purchase {
  readonly customer: string
  readonly at: number
  /** The sum of the payments. */
  readonly amount: number
  /** The sum of prices and freight; undefined where the shop listed no items. */
  readonly listed: number | undefined
  readonly instruments: number
  readonly sellers: number
}

/** What an order published: a decision or a deed, who took it, on what ground. Never changed afterwards. */
export interface OrderEntry {
  readonly type: OrderEntryType
  readonly orderId: string
  /** Who decided or did it: `customer`, `shop`, `risk-profile`, `fraud`, `payment`, `mail`, `carrier`, `clock`. */
  readonly agent: string
  readonly payload: Readonly<Record<string, unknown>>
  /** The moment in the order's own life it belongs to: that of the latest fact noted, or of the timer. */
  readonly timestamp: number
}

export type OrderEntryType =
  | 'FACT_EARLY'
  | 'ENRICHED'
  | 'ASSESSED'
  | 'CHARGED'
  | 'NOTIFIED'
  | 'BOOKED'
  | 'IN_TRANSIT'
  | 'DELIVERED'
  | 'OVERDUE'
  | 'PAYMENT_OVERDUE'
  | 'STEP_FAILED'
  | 'CANCEL_ACCEPTED'
  | 'UNDONE'
  | 'UNDO_FAILED'
  | 'REJECTED'
  | 'CANCELLED'

/** What a purchase comes to. */
export function purchaseOf(event: Extract<OrderEvent, { type: 'PURCHASED' }>): Purchase {
  const { customer, at, items, payments } = event
  return {
    customer,
    at,
    amount: cents(payments.reduce((sum, payment) => sum + payment.value, 0)),
    listed:
      items.length === 0 ? undefined : cents(items.reduce((sum, item) => sum + item.price + item.freight, 0)),
    instruments: payments.length,
    sellers: new Set(items.map(item => item.seller)).size,
  }
}

/** Sums of decimals, free of what binary fractions add. */
function cents(amount: number): number {
  return Math.round(amount * 100) / 100
}
