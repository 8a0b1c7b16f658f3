/**
 * How long the next attempt waits: exponential, bounded, and jittered by a hash of what names the attempt,
 * so that a replay finds the same and a crowd of failed attempts still spreads.
 */
import { createHash } from 'node:crypto'
import type { ActivityPolicy } from '../../actors/logic.js'

/** Milliseconds after attempt number `attempt` failed: between a half and the whole of the exponential wait. */
export function backoffMs(policy: ActivityPolicy, invocation: string, attempt: number): number {
  const whole = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1))
  const hash = createHash('sha1').update(`${invocation}.${attempt}`).digest().readUInt32BE(0)
  return Math.round(whole * (0.5 + hash / 2 ** 33))
}
