/**
 * What an order owes when it is cancelled: the undoing of each deed it began, and how much of each charge
 * goes back. What was delivered stays paid for; what the carrier has can no longer be stopped.
 */
import { cents, type Facts, isHeard, type Purchase, type Shipment } from './order-facts.js'

/** What undoes a deed, by the key of the deed. */
export type Undoing =
  | { readonly by: 'refund'; readonly key: string; readonly amount: number }
  | { readonly by: 'retract'; readonly key: string }
  | { readonly by: 'cancelBooking'; readonly key: string; readonly seller: string }

/** A charge that was made. */
export interface Charge {
  readonly key: string
  readonly instrument: string
  readonly amount: number
  readonly receiptId: string
}

export interface Booking {
  readonly seller: string
  readonly bookingId: string
}

/** Shipments that arrived: booked, handed over and delivered. */
function deliveredOf(purchase: Purchase, bookings: readonly Booking[], facts: Facts): Shipment[] {
  if (bookings.length === 0) return []
  return purchase.shipments.filter(
    ({ seller }) => isHeard(facts, 'HANDED_TO_CARRIER', seller) && isHeard(facts, 'DELIVERED', seller),
  )
}

/**
 * What is to be undone, oldest first, of all that was begun. The part of the money that pays for what was
 * delivered stays with the charges made first; the rest goes back, newest charge first.
 */
export function planUndoing(
  begun: readonly Undoing[],
  purchase: Purchase | undefined,
  bookings: readonly Booking[],
  facts: Facts,
): readonly Undoing[] {
  if (purchase === undefined) return begun
  let kept = deliveredOf(purchase, bookings, facts).reduce((sum, shipment) => sum + shipment.value, 0)
  return begun.flatMap((undoing): Undoing[] => {
    if (undoing.by === 'cancelBooking')
      return bookings.length > 0 && isHeard(facts, 'HANDED_TO_CARRIER', undoing.seller) ? [] : [undoing]
    if (undoing.by === 'retract') return [undoing]
    const back = cents(Math.max(0, undoing.amount - kept))
    kept = Math.max(0, kept - undoing.amount)
    return back === 0 ? [] : [{ ...undoing, amount: back }]
  })
}

/** The sum of charges made. */
export function charged(charges: readonly Charge[]): number {
  return cents(charges.reduce((sum, charge) => sum + charge.amount, 0))
}
