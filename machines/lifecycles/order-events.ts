/**
 * What an order hears and what it says: facts of the shop, words of people, and the entries it publishes.
 * Facts keep the names and fields of the shop's own records; `at` is when one happened, milliseconds since
 * 1970 UTC, whenever it is heard. What a person says may leave `at` out: it happened at the order's latest
 * moment.
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

/** What the shop records. `shipment` is a seller's id: each seller ships apart; left out, all shipments are meant. */
export type OrderFact =
  | {
      readonly type: 'PURCHASED'
      readonly at: number
      readonly customer: string
      readonly items: readonly OrderItem[]
      readonly payments: readonly OrderPayment[]
      /** The delivery promised, milliseconds since 1970 UTC. */
      readonly estimated?: number
    }
  | { readonly type: 'PAYMENT_APPROVED'; readonly at: number }
  | { readonly type: 'HANDED_TO_CARRIER'; readonly at: number; readonly shipment?: string }
  | { readonly type: 'DELIVERED'; readonly at: number; readonly shipment?: string }
  | { readonly type: 'ESTIMATED_DELIVERY_DEADLINE'; readonly at: number }

/** What the customer may ask for at any time. */
export interface Cancellation {
  readonly type: 'CANCEL'
  readonly at?: number
  readonly reason: string
}

/** A reviewer's answer to REVIEW_ASKED. */
export type ReviewAnswer =
  | { readonly type: 'APPROVE'; readonly at?: number; readonly by: string }
  | { readonly type: 'REFUSE'; readonly at?: number; readonly by: string; readonly reason: string }

/** What an operator does about an order whose compensations failed. */
export type OperatorWord =
  /** Try again what could not be undone. */
  | { readonly type: 'RETRY_UNDO'; readonly at?: number; readonly by: string }
  /** It was settled elsewhere: a bank transfer, a call to the carrier. */
  | { readonly type: 'SETTLED_BY_HAND'; readonly at?: number; readonly by: string; readonly note: string }

export type OrderEvent = OrderFact | Cancellation | ReviewAnswer | OperatorWord

/** The order in which an order's facts are meant to come. */
export const courseOfFacts = ['PURCHASED', 'PAYMENT_APPROVED', 'HANDED_TO_CARRIER', 'DELIVERED'] as const

/** What an order published: a decision or a deed, who took it, on what ground. Never changed afterwards. */
export interface OrderEntry {
  readonly type: OrderEntryType
  readonly orderId: string
  /**
   * Who decided or did it: `customer`, `shop`, `risk-profile`, `fraud`, `payment`, `mail`, `carrier`,
   * `clock`; what a person did names the person, `reviewer:ann`, `operator:bob`.
   */
  readonly agent: string
  readonly payload: Readonly<Record<string, unknown>>
  /** The moment in the order's own life it belongs to: that of the latest fact noted, or of the timer. */
  readonly timestamp: number
}

/**
 * The four topics that others feed on come once in an order's life, in this order: RAW (the purchase as the
 * shop wrote it), ENRICHED (the customer's risk features), DECIDED (accept or reject, by whom and why) and
 * SETTLED (how it ended, and where the money is). An order cancelled in between skips what it never reached.
 */
export type OrderEntryType =
  | 'RAW'
  | 'ENRICHED'
  | 'DECIDED'
  | 'SETTLED'
  | OrderDeedType
  | OrderUndoingType
  | OrderEndType

type OrderDeedType =
  | 'FACT_EARLY'
  | 'REVIEW_ASKED'
  | 'PAYMENT_OVERDUE'
  | 'CHARGED'
  | 'NOTIFIED'
  | 'BOOKED'
  | 'SHIPMENT_HANDED_OVER'
  | 'SHIPMENT_DELIVERED'
  | 'IN_TRANSIT'
  | 'OVERDUE'
  | 'STEP_FAILED'

type OrderUndoingType =
  | 'CANCEL_ACCEPTED'
  | 'FACT_LATE'
  | 'UNDONE'
  | 'UNDO_FAILED'
  | 'UNRESOLVED'
  | 'UNDO_RETRIED'
  | 'SETTLED_BY_HAND'

type OrderEndType = 'DELIVERED' | 'REJECTED' | 'CANCELLED'
