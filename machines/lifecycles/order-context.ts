/**
 * What an order keeps while it lives, and what it leaves: its output.
 */
import type { FraudVerdict } from './fraud-scoring.js'
import type { Facts, Purchase } from './order-facts.js'
import { type Booking, type Charge, charged, type Undoing } from './order-money.js'
import type { RiskFeatures } from './risk-features.js'

export interface OrderContext {
  readonly orderId: string
  readonly facts: Facts
  /** The latest moment of the order's own life. */
  readonly at: number
  readonly purchase: Purchase | undefined
  /** Only until the verdict, which says what of them counted. */
  readonly features: RiskFeatures | undefined
  readonly verdict: FraudVerdict | undefined
  readonly review: Review | undefined
  readonly charges: readonly Charge[]
  readonly messageId: string | undefined
  readonly bookings: readonly Booking[]
  /** What a cancellation has to undo, oldest first. */
  readonly undo: readonly Undoing[]
  /** What could not be undone: for a person to settle. */
  readonly unresolved: readonly Undoing[]
  readonly refunded: number
  /** Why it is to be cancelled. */
  readonly reason: string | undefined
  /** The last failure of a deed. */
  readonly failure: string | undefined
  /** How it ended. */
  readonly outcome: OrderOutcome | undefined
}

/** A review asked for, and what came of it. */
export interface Review {
  readonly askedAt: number
  readonly answer?: { readonly approved: boolean; readonly by: string; readonly reason?: string }
}

export type OrderOutcome = 'delivered' | 'rejected' | 'cancelled'

export interface OrderOutput {
  readonly outcome: OrderOutcome
  readonly probability: number | undefined
  /** Money taken, and how much of it was given back. */
  readonly charged: number
  readonly refunded: number
  readonly receipts: readonly string[]
  readonly bookings: readonly string[]
  readonly overdue: boolean
  /** Why it was cancelled, or refused. */
  readonly reason: string | undefined
  /** What a person settled by hand, as `refund o-1:charge:1`. */
  readonly byHand: readonly string[]
}

export function outputOf(context: OrderContext): OrderOutput {
  const { outcome, charges, refunded, bookings, verdict, review, facts, reason, unresolved } = context
  return {
    // Only the final states end an order, and each notes its outcome first.
    outcome: outcome as OrderOutcome,
    probability: verdict?.probability,
    charged: charged(charges),
    refunded,
    receipts: charges.map(charge => charge.receiptId),
    bookings: bookings.map(booking => booking.bookingId),
    overdue: facts.ESTIMATED_DELIVERY_DEADLINE !== undefined,
    reason: reason ?? review?.answer?.reason,
    byHand: unresolved.map(({ by, key }) => `${by} ${key}`),
  }
}
