/**
 * Options of an activity as people give them, checked and completed from the defaults in `limits`.
 */
import { SetupError } from '../actors/errors.js'
import { limits } from '../actors/limits.js'
import type { ActivityPolicy } from '../actors/logic.js'

export interface RetryOptions {
  /** How often it is tried at most, the first time included. */
  readonly attempts?: number
  /** The wait before the second attempt, in milliseconds; each further one is `factor` times longer, up to `maxMs`. */
  readonly initialMs?: number
  readonly factor?: number
  readonly maxMs?: number
  /** Names or codes of errors that end it at once. */
  readonly nonRetryable?: readonly string[]
}

export interface ActivityOptions {
  readonly retry?: RetryOptions
  /** How long one attempt may run, in milliseconds. */
  readonly attemptMs?: number
  /** How long all attempts and waits may take together. */
  readonly overallMs?: number
  /** Fail an attempt that has not called `heartbeat` for that long. Left out: never. */
  readonly heartbeatMs?: number
  /** Never run twice; if its process dies while it runs, the outcome is the error `OutcomeUnknown`. */
  readonly once?: boolean
  /** The work queue it belongs to, for workers elsewhere. */
  readonly queue?: string
}

const known = ['retry', 'attemptMs', 'overallMs', 'heartbeatMs', 'once', 'queue']
const knownOfRetry = ['attempts', 'initialMs', 'factor', 'maxMs', 'nonRetryable']

/**
 * The whole policy.
 * @throws SetupError `InvalidDefinition` naming the first option that cannot be meant.
 */
export function activityPolicy(options: ActivityOptions = {}): ActivityPolicy {
  refuseUnknown('activity', options, known)
  const retry = options.retry ?? {}
  refuseUnknown('activity retry', retry, knownOfRetry)
  const once = options.once ?? false
  if (typeof once !== 'boolean') refuse('once', 'true or false', once)
  const attempts = integer('retry.attempts', retry.attempts, once ? 1 : limits.retryAttempts, 1)
  if (once && attempts !== 1)
    refuse('retry.attempts', '1 or nothing, since `once` never tries again', attempts)
  const initialMs = number('retry.initialMs', retry.initialMs, limits.retryInitialMs, 0)
  const maxMs = number('retry.maxMs', retry.maxMs, Math.max(limits.retryMaxMs, initialMs), 0)
  if (maxMs < initialMs) refuse('retry.maxMs', `at least retry.initialMs (${initialMs})`, maxMs)
  return {
    attempts,
    initialMs,
    factor: number('retry.factor', retry.factor, limits.retryFactor, 1),
    maxMs,
    nonRetryable: strings('retry.nonRetryable', retry.nonRetryable ?? []),
    attemptMs: number('attemptMs', options.attemptMs, limits.attemptMs, 1),
    overallMs: number('overallMs', options.overallMs, limits.overallMs, 1),
    heartbeatMs: number('heartbeatMs', options.heartbeatMs, 0, 0),
    once,
    queue: queueName(options.queue),
  }
}

/** @throws SetupError unless `found` is an integer of at least `min`; undefined stands for `fallback`. */
export function integer(name: string, found: number | undefined, fallback: number, min: number): number {
  if (found === undefined) return fallback
  if (!Number.isSafeInteger(found) || found < min) refuse(name, `an integer of at least ${min}`, found)
  return found
}

/** @throws SetupError unless `found` is a finite number of at least `min`; undefined stands for `fallback`. */
export function number(name: string, found: number | undefined, fallback: number, min: number): number {
  if (found === undefined) return fallback
  if (!Number.isFinite(found) || found < min) refuse(name, `a number of at least ${min}`, found)
  return found
}

function strings(name: string, found: readonly string[]): readonly string[] {
  if (!Array.isArray(found) || found.some(item => typeof item !== 'string' || item === ''))
    refuse(name, 'an array of error names or codes', found)
  return [...found]
}

function queueName(found: string | undefined): string | undefined {
  if (found !== undefined && (typeof found !== 'string' || found === '')) refuse('queue', 'a name', found)
  return found
}

function refuseUnknown(what: string, options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find(key => !names.includes(key))
  if (unknown !== undefined)
    throw new SetupError(
      'InvalidDefinition',
      `${what} has no option '${unknown}': expected one of ${names.join(', ')}`,
      { option: unknown },
    )
}

function refuse(option: string, expected: string, found: unknown): never {
  throw new SetupError(
    'InvalidDefinition',
    `option ${option}: expected ${expected}, found ${String(found)}`,
    {
      option,
      expected,
      found,
    },
  )
}
