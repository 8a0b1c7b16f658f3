/**
 * What the exit codes mean, in one place: scripts rely on them, and every --help states them.
 */
import { PerdureError, type RequestErrorCode, SetupError, type SetupErrorCode } from '../../actors/errors.js'
import { InterruptedError } from './interrupted-error.js'

export const exitCodes = {
  done: 0,
  /** The question was understood and the answer is no: not found, not handled, failed, something differs. */
  no: 1,
  badInput: 2,
  /** No runtime runs there, it cannot take the request, or its journal cannot be opened. */
  unavailable: 3,
  timedOut: 4,
  /** Nobody expected that: a fault of Perdure's own. */
  fault: 70,
  interrupted: 130,
} as const

export const exitCodesHelp =
  'Exit codes: 0 done · 1 the answer is no (not found, not handled, failed, differs)\n' +
  '  2 bad input · 3 no runtime, or it cannot take it · 4 timed out\n' +
  '  70 a fault of our own · 130 interrupted'

const ofRequests: Readonly<Record<RequestErrorCode, number>> = {
  NotFound: exitCodes.no,
  AlreadyExists: exitCodes.no,
  InvalidEvent: exitCodes.badInput,
  NotHandled: exitCodes.no,
  IdConflict: exitCodes.badInput,
  Overloaded: exitCodes.unavailable,
  Timeout: exitCodes.timedOut,
  StepFailed: exitCodes.no,
  Unavailable: exitCodes.unavailable,
}

/** Refused for what was asked; the rest for what is there: held, full, damaged, of another version. */
const badSetups: ReadonlySet<SetupErrorCode> = new Set([
  'InvalidDefinition',
  'JournalMissing',
  'DirectoryNotEmpty',
])

/** The code for an error that a command ended in. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return exitCodes.interrupted
  if (error instanceof PerdureError) return ofRequests[error.code]
  if (error instanceof SetupError)
    return badSetups.has(error.code) ? exitCodes.badInput : exitCodes.unavailable
  // What the file system or the network says.
  if (error instanceof Error && 'syscall' in error) return exitCodes.badInput
  return exitCodes.fault
}
