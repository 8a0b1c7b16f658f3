/**
 * The gateway's book: one JSON object a line, appended before the answer goes out, never changed. Every
 * request is written down, and whether it moved money, so that double charges are counted from outside of
 * everything that claims there are none.
 */
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface LedgerLine {
  readonly request: 'charge' | 'refund'
  /** The idempotency key; a refund names that of the charge. */
  readonly key: string
  readonly orderId?: string
  readonly amount?: number
  /** `moved` when money moved; otherwise the request had been met before, or there was nothing to give back. */
  readonly outcome: 'moved' | 'repeated' | 'nothing'
}

export class LedgerFile {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  append(line: LedgerLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }

  close(): void {
    closeSync(this.#file)
  }
}

export interface LedgerCount {
  readonly requests: number
  /** Times that money was taken. */
  readonly charges: number
  /** Charges beyond the first of a key: each instrument of an order has its own. */
  readonly duplicateCharges: number
  readonly refunds: number
  /** Orders whose money is with the shop: charged, and not given back. */
  readonly paid: ReadonlySet<string>
}

/** Counts a ledger, trusting nothing but its lines. */
export async function countLedger(path: string): Promise<LedgerCount> {
  const keys = new Map<string, { orderId: string; charges: number }>()
  const refunded = new Set<string>()
  let [requests, charges, refunds] = [0, 0, 0]
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const { request, key, orderId = '', outcome } = JSON.parse(text) as LedgerLine
    requests++
    if (outcome !== 'moved') continue
    if (request === 'charge') {
      charges++
      keys.set(key, { orderId, charges: (keys.get(key)?.charges ?? 0) + 1 })
    } else {
      refunds++
      refunded.add(key)
    }
  }
  const paid = [...keys].filter(([key]) => !refunded.has(key)).map(([, { orderId }]) => orderId)
  const duplicateCharges = [...keys.values()].reduce((sum, { charges: times }) => sum + times - 1, 0)
  return { requests, charges, duplicateCharges, refunds, paid: new Set(paid) }
}
