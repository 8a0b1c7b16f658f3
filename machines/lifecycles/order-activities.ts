/**
 * What an order does in the world: four deeds and their undoing, as a port for whoever runs orders, and the
 * policies they are tried with.
 *
 * Every deed is idempotent by its key: the same key again has the same effect and the same answer, so a
 * deed whose answer was lost in a crash is simply done again. An undoing names the key of the deed, and
 * does nothing when that was never done: an order notes an undoing before it begins the deed.
 */
import { activity } from '../activity.js'

export interface ChargeRequest {
  readonly key: string
  readonly orderId: string
  readonly amount: number
}

export interface Notice {
  readonly key: string
  readonly customer: string
  readonly about: 'confirmed' | 'cancelled'
}

export interface DeedKey {
  readonly key: string
}

/** The outside world as an order needs it. A rejection is tried again, but for the codes named below. */
export interface OrderServices {
  /** Rejects with code `CardDeclined` when no further attempt can help. */
  charge(request: ChargeRequest, signal: AbortSignal): Promise<{ readonly receiptId: string }>
  refund(deed: DeedKey, signal: AbortSignal): Promise<{ readonly refunded: boolean }>
  notify(notice: Notice, signal: AbortSignal): Promise<{ readonly messageId: string }>
  book(deed: DeedKey, signal: AbortSignal): Promise<{ readonly bookingId: string }>
  cancelBooking(deed: DeedKey, signal: AbortSignal): Promise<{ readonly cancelled: boolean }>
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
const undoPolicy = { retry: { attempts: 1_000, initialMs: 50, factor: 2, maxMs: 30_000 }, attemptMs: 10_000 }

/** The sources that the order machine invokes, made of the services given. */
export function orderActivities(services: OrderServices) {
  return {
    charge: activity(
      ({ input, signal }: { input: ChargeRequest; signal: AbortSignal }) => services.charge(input, signal),
      deedPolicy,
    ),
    notify: activity(
      ({ input, signal }: { input: Notice; signal: AbortSignal }) => services.notify(input, signal),
      deedPolicy,
    ),
    book: activity(
      ({ input, signal }: { input: DeedKey; signal: AbortSignal }) => services.book(input, signal),
      deedPolicy,
    ),
    refund: activity(
      ({ input, signal }: { input: DeedKey; signal: AbortSignal }) => services.refund(input, signal),
      undoPolicy,
    ),
    cancelBooking: activity(
      ({ input, signal }: { input: DeedKey; signal: AbortSignal }) => services.cancelBooking(input, signal),
      undoPolicy,
    ),
  }
}

/** The services of a machine that was given none: every deed says so. */
export const noServices: OrderServices = {
  charge: () => refuse('charge'),
  refund: () => refuse('refund'),
  notify: () => refuse('notify'),
  book: () => refuse('book'),
  cancelBooking: () => refuse('cancelBooking'),
}

function refuse(deed: string): Promise<never> {
  return Promise.reject(
    new Error(`order: no service for '${deed}': expected .provide({ actors: orderActivities(services) })`),
  )
}
