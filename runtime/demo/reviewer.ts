/**
 * The person who is asked about doubtful orders. The same order gets the same answer in every run, and some
 * get none, so that their deadline passes.
 */
import { createHash } from 'node:crypto'
import type { ReviewAnswer } from '../../machines/lifecycles/order-events.js'

const minuteMs = 60_000

/** Of a hundred orders so many are approved, and so many more refused. */
const approvedShare = 50
const refusedShare = 35

/** The reviewer's answer to a review asked for at `askedAt`; undefined for silence. */
export function reviewAnswer(orderId: string, askedAt: number): ReviewAnswer | undefined {
  const [chance = 0, wait = 0] = createHash('sha256').update(orderId).digest()
  const drawn = (chance * 100) / 256
  const at = askedAt + (5 + wait) * minuteMs
  if (drawn < approvedShare) return { type: 'APPROVE', at, by: 'ann' }
  if (drawn < approvedShare + refusedShare)
    return { type: 'REFUSE', at, by: 'ann', reason: 'the customer could not be reached' }
  return undefined
}

/** The answer's command id: an order is reviewed once. */
export function reviewAnswerId(orderId: string): string {
  return `${orderId}:review`
}
