/**
 * A payment gateway as real ones are: it takes an amount under an idempotency key, answers the same receipt
 * to the same key for ever, refuses a key that comes back with another amount, and gives back what was
 * charged, once. What it knows is in memory; what it did is in its ledger.
 */
import { createHash } from 'node:crypto'
import type { LedgerLine } from './ledger.js'

export interface Charge {
  readonly key: string
  readonly orderId: string
  readonly amount: number
}

export type ChargeAnswer =
  | { readonly status: 200; readonly body: { readonly receiptId: string } }
  | { readonly status: 409; readonly body: { readonly error: string } }

export class Gateway {
  readonly #ledger: { append(line: LedgerLine): void }
  readonly #charged = new Map<string, number>()
  readonly #refunded = new Set<string>()

  constructor(ledger: { append(line: LedgerLine): void }) {
    this.#ledger = ledger
  }

  charge({ key, orderId, amount }: Charge): ChargeAnswer {
    const before = this.#charged.get(key)
    if (before !== undefined && before !== amount)
      return { status: 409, body: { error: `key '${key}' was charged with ${before}, found ${amount}` } }
    this.#charged.set(key, amount)
    this.#ledger.append({
      request: 'charge',
      key,
      orderId,
      amount,
      outcome: before === undefined ? 'moved' : 'repeated',
    })
    return { status: 200, body: { receiptId: receiptOf(key) } }
  }

  refund(key: string): { readonly refunded: boolean } {
    const charged = this.#charged.has(key)
    const outcome = !charged ? 'nothing' : this.#refunded.has(key) ? 'repeated' : 'moved'
    if (charged) this.#refunded.add(key)
    this.#ledger.append({ request: 'refund', key, outcome })
    return { refunded: charged }
  }
}

/** Receipts follow from keys, so that two runs over the same orders have the same ones. */
function receiptOf(key: string): string {
  return `r-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
}
