/**
 * The gateway's book: one JSON object a line, appended before the answer goes out, never changed. Every
 * request is written down, whether it moved money and what was answered, so that double charges are counted
 * from outside of everything that claims there are none.
 */
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** `late`: after whoever asked had given up. `never`: not at all. `dropped`: the connection broke. `error`: 503. */
export type AnswerKind = 'prompt' | 'late' | 'never' | 'dropped' | 'error' | 'declined'

export interface LedgerLine {
  readonly request: 'charge' | 'refund'
  /** The idempotency key; a refund names that of the charge. */
  readonly key: string
  readonly orderId?: string
  readonly amount?: number
  /** `moved` when money moved; otherwise the request had been met before, or nothing was done. */
  readonly outcome: 'moved' | 'repeated' | 'nothing'
  readonly answer: AnswerKind
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
  /** Requests for charges. */
  readonly chargesAsked: number
  /** Times that money was taken. */
  readonly charges: number
  /** Charges beyond the first of a key: each instrument of an order has its own. */
  readonly duplicateCharges: number
  /** Times that money was given back. */
  readonly refunds: number
  /** Requests that moved money, or had before, and were answered too late or not at all. */
  readonly unheard: number
  /** Requests that moved nothing and failed: 503, no answer, connection broken. */
  readonly failed: number
  /** Charges declined, each key once. */
  readonly declined: number
  /** The money that is with the shop, by order: what was charged and not given back, where that is anything. */
  readonly kept: ReadonlyMap<string, number>
}

/** Counts a ledger, trusting nothing but its lines. */
export async function countLedger(path: string): Promise<LedgerCount> {
  const count = { requests: 0, chargesAsked: 0, charges: 0, refunds: 0, unheard: 0, failed: 0 }
  const timesCharged = new Map<string, number>()
  const orderOf = new Map<string, string>()
  const declined = new Set<string>()
  const cents = new Map<string, number>()
  const move = (orderId: string, amount: number) =>
    cents.set(orderId, (cents.get(orderId) ?? 0) + Math.round(amount * 100))
  for await (const text of createInterface({ input: createReadStream(path) })) {
    const { request, key, orderId = '', amount = 0, outcome, answer } = JSON.parse(text) as LedgerLine
    count.requests++
    if (request === 'charge') count.chargesAsked++
    if (answer === 'declined') declined.add(key)
    else if (answer !== 'prompt') count[outcome === 'nothing' ? 'failed' : 'unheard']++
    if (outcome !== 'moved') continue
    if (request === 'charge') {
      count.charges++
      timesCharged.set(key, (timesCharged.get(key) ?? 0) + 1)
      orderOf.set(key, orderId)
      move(orderId, amount)
    } else {
      count.refunds++
      move(orderOf.get(key) ?? '', -amount)
    }
  }
  return {
    ...count,
    duplicateCharges: count.charges - timesCharged.size,
    declined: declined.size,
    kept: new Map([...cents].filter(([, sum]) => sum !== 0).map(([orderId, sum]) => [orderId, sum / 100])),
  }
}
