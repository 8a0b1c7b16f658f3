/** Errors on their way from one thread to another, which keeps neither their class nor what they carry besides. */
import { SetupError, type SetupErrorCode } from '../../../actors/errors.js'
import { translated } from '../database.js'

export interface Failure {
  /** Of a SetupError. */
  readonly code?: SetupErrorCode
  readonly details?: Readonly<Record<string, unknown>>
  readonly message: string
  readonly stack?: string
}

/** `journal` is the file that a failure of the disk is about. */
export function failureOf(found: unknown, journal: string): Failure {
  const error = translated(found, journal)
  if (error instanceof SetupError) return { code: error.code, message: error.message, details: error.details }
  if (!(error instanceof Error)) return { message: String(error) }
  return error.stack === undefined
    ? { message: error.message }
    : { message: error.message, stack: error.stack }
}

export function errorOf({ code, details, message, stack }: Failure): Error {
  if (code !== undefined) return new SetupError(code, message, details)
  const error = new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
