/**
 * What becomes of a request to a gateway that misbehaves. Decided by a hash of the seed, the key and how
 * often the key was met before: the same orders meet the same faults, in whatever order they come in.
 */
import { createHash } from 'node:crypto'
import type { GatewayFaults } from './faults.js'
import type { AnswerKind } from './ledger.js'

export interface Fate {
  /** Whether the gateway does what it is asked. */
  readonly moves: boolean
  readonly answer: AnswerKind
  /** Milliseconds until then. */
  readonly afterMs: number
}

/** The fate of the `nth` request about a key, counted from 1. */
export function fateOf(faults: GatewayFaults, request: 'charge' | 'refund', key: string, nth: number): Fate {
  const { seed, latency, spread } = faults
  const draw = (what: string) => fraction(`${seed}/${what}/${key}`)
  const met = (moves: boolean, answer: AnswerKind): Fate => ({
    moves,
    answer,
    afterMs: latency + (spread === 0 ? 0 : spread * draw(`spread/${request}/${nth}`)),
  })
  if (request === 'charge' && faults.decline > 0 && draw('decline') < faults.decline)
    return met(false, 'declined')
  const drawn = draw(`${request}/${nth}`)
  const either = () => draw(`either/${request}/${nth}`) < 0.5
  let below = faults.timeout
  if (drawn < below) return met(true, either() ? 'late' : 'never')
  below += faults['5xx']
  if (drawn < below) return met(false, 'error')
  below += faults.hang
  if (drawn < below) return met(false, 'never')
  below += faults.drop
  if (drawn < below) return met(either(), 'dropped')
  return met(true, 'prompt')
}

/** At least 0, below 1. */
function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}
