/** The HTTP status of each failure. */
import type { RequestErrorCode, SetupErrorCode } from '../../actors/errors.js'

/**
 * `StepFailed` is 422 and not 500: the request arrived, was applied as a failed entry and left the state as it was.
 * Nothing is wrong with the server, and a proxy that repeats 5xx by itself must not repeat this one.
 */
export const requestStatuses: Readonly<Record<RequestErrorCode, number>> = {
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

/** Of what a journal refuses: 400 and 409 for what was asked of it, 5xx for what is wrong with itself. */
export const setupStatuses: Readonly<Record<SetupErrorCode, number>> = {
  InvalidDefinition: 400,
  DirectoryUnwritable: 400,
  DirectoryHeld: 409,
  DirectoryNotEmpty: 409,
  JournalMissing: 409,
  PortTaken: 409,
  JournalTooNew: 500,
  JournalTooOld: 500,
  JournalCorrupt: 500,
  JournalTruncated: 500,
  NativeModuleMissing: 500,
  JournalFailed: 503,
  JournalFull: 507,
  ClusterRefused: 500,
  ServerUnfit: 500,
  StreamMismatch: 500,
}
