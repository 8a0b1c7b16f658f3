/**
 * A payment gateway as real ones are: it takes an amount under an idempotency key, answers the same receipt
 * to the same key for ever, refuses a key that comes back with another amount, and gives back what was
 * charged, or part of it, once. What it knows is in memory; what it did is in its ledger. What is answered to
 * a request is told it, for the ledger: whether an answer gets through is not the gateway's to know.
 */
import { createHash } from 'node:crypto'
import type { AnswerKind, LedgerLine } from './ledger.js'

export interface Charge {
  readonly key: string
  readonly orderId: string
  readonly amount: number
}

/** `key` is the charge's. */
export interface Refund {
  readonly key: string
  readonly amount: number
}

export interface GatewayAnswer {
  readonly status: number
  readonly body: object
}

export class Gateway {
  readonly #ledger: { append(line: LedgerLine): void }
  readonly #charged = new Map<string, number>()
  readonly #refunded = new Map<string, number>()

  constructor(ledger: { append(line: LedgerLine): void }) {
    this.#ledger = ledger
  }

  charge({ key, orderId, amount }: Charge, answer: AnswerKind): GatewayAnswer {
    const before = this.#charged.get(key)
    if (before !== undefined && before !== amount)
      return refused(`key '${key}' was charged with ${before}, found ${amount}`)
    this.#charged.set(key, amount)
    const outcome = before === undefined ? 'moved' : 'repeated'
    this.#ledger.append({ request: 'charge', key, orderId, amount, outcome, answer })
    return { status: 200, body: { receiptId: receiptOf(key) } }
  }

  refund({ key, amount }: Refund, answer: AnswerKind): GatewayAnswer {
    const charged = this.#charged.get(key)
    const before = this.#refunded.get(key)
    if (charged !== undefined && (amount > charged || (before !== undefined && before !== amount)))
      return refused(`of key '${key}', charged with ${charged}, ${before ?? 0} went back: found ${amount}`)
    const outcome = charged === undefined ? 'nothing' : before === undefined ? 'moved' : 'repeated'
    if (charged !== undefined) this.#refunded.set(key, amount)
    this.#ledger.append({ request: 'refund', key, amount, outcome, answer })
    return { status: 200, body: { refunded: charged !== undefined } }
  }

  /** Does nothing, and says so. */
  turnAway(
    request: LedgerLine['request'],
    { key }: { readonly key: string },
    answer: AnswerKind,
  ): GatewayAnswer {
    this.#ledger.append({ request, key, outcome: 'nothing', answer })
    return answer === 'declined'
      ? { status: 402, body: { error: `the card behind '${key}' was declined` } }
      : { status: 503, body: { error: 'out of order' } }
  }
}

function refused(error: string): GatewayAnswer {
  return { status: 409, body: { error } }
}

/** Receipts follow from keys, so that two runs over the same orders have the same ones. */
function receiptOf(key: string): string {
  return `r-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
}
