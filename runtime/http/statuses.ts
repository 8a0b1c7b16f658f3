/** The HTTP status of each failure. */
import type { RequestErrorCode } from '../../actors/errors.js'

/**
 * `StepFailed` is 422 and not 500: the request arrived, was applied as a failed entry and left the state as it was.
 * Nothing is wrong with the server, and a proxy that repeats 5xx by itself must not repeat this one.
 */
export const statuses: Readonly<Record<RequestErrorCode, number>> = {
  InvalidEvent: 400,
  NotFound: 404,
  AlreadyExists: 409,
  IdConflict: 409,
  NotHandled: 409,
  StepFailed: 422,
  Overloaded: 503,
  Unavailable: 503,
  Timeout: 504,
}
