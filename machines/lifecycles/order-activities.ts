/**
 * What an order does in the world: its deeds and their undoing, as a port for whoever runs orders, and the
 * policies they are tried with.
 *
 * Every deed is idempotent by its key: the same key again has the same effect and the same answer, so a
 * deed whose answer was lost in a crash is simply done again. An undoing names the key of the deed, and
 * does nothing when that was never done: an order notes an undoing before it begins the deed. Keys are
 * `<order id>:charge:<nth>`, `:book:<seller>`, `:confirm`, `:retract`, `:review`.
 */
import { activity } from '../activity.js'
import { each } from '../each.js'

/** One instrument of an order, charged by itself. `amount` in the shop's currency. */
export interface ChargeRequest {
  readonly key: string
  readonly orderId: string
  /** `credit_card`, `voucher`, `boleto`, … */
  readonly instrument: string
  readonly amount: number
}

/** `key` is the charge's. `amount` is less than was charged where part of the order was delivered. */
export interface RefundRequest {
  readonly key: string
  readonly orderId: string
  readonly amount: number
}

/** What one seller ships. The same to cancel it. */
export interface BookingRequest {
  readonly key: string
  readonly orderId: string
  readonly seller: string
}

export interface Notice {
  readonly key: string
  readonly orderId: string
  readonly customer: string
  readonly about: 'confirmed' | 'cancelled'
}

/** A person is asked whether a doubtful order may go on. The answer comes as an event: APPROVE or REFUSE. */
export interface ReviewRequest {
  readonly key: string
  readonly orderId: string
  readonly customer: string
  readonly amount: number
  readonly probability: number
  readonly reasons: readonly { readonly signal: string; readonly weight: number }[]
}

/** The outside world as an order needs it. A rejection is tried again, but for the codes named below. */
export interface OrderServices {
  /** Rejects with code `CardDeclined` when no further attempt can help. */
  charge(request: ChargeRequest, signal: AbortSignal): Promise<{ readonly receiptId: string }>
  refund(request: RefundRequest, signal: AbortSignal): Promise<{ readonly refunded: boolean }>
  notify(notice: Notice, signal: AbortSignal): Promise<{ readonly messageId: string }>
  askReviewer(request: ReviewRequest, signal: AbortSignal): Promise<{ readonly messageId: string }>
  book(request: BookingRequest, signal: AbortSignal): Promise<{ readonly bookingId: string }>
  /** Rejects with code `AlreadyHandedOver` when the carrier has it and no further attempt can help. */
  cancelBooking(request: BookingRequest, signal: AbortSignal): Promise<{ readonly cancelled: boolean }>
}

/**
 * A deed is worth trying for half an hour; then the order is cancelled and what was done is undone. Attempts
 * lost with a crashed process count, so their number is not what should end it.
 */
const deedPolicy = {
  retry: { attempts: 1_000, initialMs: 50, factor: 2, maxMs: 2_000, nonRetryable: ['CardDeclined'] },
  attemptMs: 10_000,
  overallMs: 30 * 60_000,
}

/** Money is owed back until it is paid back: hours of attempts before a person has to look. */
const undoPolicy = {
  retry: { attempts: 1_000, initialMs: 50, factor: 2, maxMs: 30_000, nonRetryable: ['AlreadyHandedOver'] },
  attemptMs: 10_000,
}

interface Call<Input> {
  readonly input: Input
  readonly signal: AbortSignal
}

/** The sources that the order machine invokes, made of the services given. */
export function orderActivities(services: OrderServices) {
  return {
    charge: activity(({ input, signal }: Call<ChargeRequest>) => services.charge(input, signal), deedPolicy),
    notify: activity(({ input, signal }: Call<Notice>) => services.notify(input, signal), deedPolicy),
    askReviewer: activity(
      ({ input, signal }: Call<ReviewRequest>) => services.askReviewer(input, signal),
      deedPolicy,
    ),
    bookAll: each(
      activity(({ input, signal }: Call<BookingRequest>) => services.book(input, signal), deedPolicy),
    ),
    refund: activity(({ input, signal }: Call<RefundRequest>) => services.refund(input, signal), undoPolicy),
    cancelBooking: activity(
      ({ input, signal }: Call<BookingRequest>) => services.cancelBooking(input, signal),
      undoPolicy,
    ),
  }
}

/** The services of a machine that was given none: every deed says so. */
export const noServices: OrderServices = {
  charge: () => refuse('charge'),
  refund: () => refuse('refund'),
  notify: () => refuse('notify'),
  askReviewer: () => refuse('askReviewer'),
  book: () => refuse('book'),
  cancelBooking: () => refuse('cancelBooking'),
}

function refuse(deed: string): Promise<never> {
  return Promise.reject(
    new Error(`order: no service for '${deed}': expected .provide({ actors: orderActivities(services) })`),
  )
}
