/**
 * An error as it is told to another process, and back: the one form of it on every wire, in JSON and packed.
 */
import {
  PerdureError,
  type RequestErrorCode,
  SetupError,
  type SetupErrorCode,
  UnavailableError,
} from './errors.js'

/** What a caller may be told. */
export type Told = PerdureError | SetupError

export interface ToldError {
  readonly code: RequestErrorCode | SetupErrorCode
  readonly message: string
  readonly retryable: boolean
  readonly actorId?: string
  readonly details?: Readonly<Record<string, unknown>>
}

const REQUEST_CODES: Readonly<Record<RequestErrorCode, true>> = {
  NotFound: true,
  AlreadyExists: true,
  InvalidEvent: true,
  NotHandled: true,
  IdConflict: true,
  Overloaded: true,
  Timeout: true,
  StepFailed: true,
  Unavailable: true,
}

const SETUP_CODES: Readonly<Record<SetupErrorCode, true>> = {
  InvalidDefinition: true,
  DirectoryHeld: true,
  DirectoryUnwritable: true,
  DirectoryNotEmpty: true,
  JournalMissing: true,
  JournalTooNew: true,
  JournalTooOld: true,
  JournalCorrupt: true,
  JournalTruncated: true,
  JournalFull: true,
  JournalFailed: true,
  NativeModuleMissing: true,
  PortTaken: true,
  ClusterRefused: true,
  ServerUnfit: true,
  StreamMismatch: true,
}

export function toldOf(error: Told): ToldError {
  const { code, message, details } = error
  const { retryable, actorId } =
    error instanceof SetupError ? { retryable: false, actorId: undefined } : error
  return {
    code,
    message,
    retryable,
    ...(actorId === undefined ? {} : { actorId }),
    ...(details === undefined ? {} : { details }),
  }
}

/** An error as every door answers it: the body over HTTP and NATS, and what the command line says with `--json`. */
export function errorBody(error: Told): { readonly ok: false; readonly error: ToldError } {
  return { ok: false, error: toldOf(error) }
}

/** The error as a caller may be told it; undefined for what is nobody's business but the owner's. */
export function asTold(thrown: unknown): Told | undefined {
  return thrown instanceof PerdureError || thrown instanceof SetupError ? thrown : undefined
}

/** What a caller is told instead of that. */
export function untold(what: string, retryable = false): UnavailableError {
  return new UnavailableError(`${what} failed for a reason that was logged`, undefined, retryable)
}

/** Undefined for what is no error of ours. */
export function errorTold(value: unknown): Told | undefined {
  const { code, message, retryable, actorId, details } = (value ?? {}) as Partial<ToldError>
  if (isOneOf(SETUP_CODES, code)) return new SetupError(code, String(message), details)
  if (!isOneOf(REQUEST_CODES, code)) return undefined
  return new PerdureError(code, String(message), {
    retryable: retryable === true,
    ...(typeof actorId === 'string' ? { actorId } : {}),
    ...(details === undefined ? {} : { details }),
  })
}

function isOneOf<Code extends string>(codes: Readonly<Record<Code, true>>, code: unknown): code is Code {
  return typeof code === 'string' && Object.hasOwn(codes, code)
}
