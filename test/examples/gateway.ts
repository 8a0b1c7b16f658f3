/**
 * A payment gateway in memory, as a user might have one for development: charges once a key, however often
 * it is asked, and keeps a ledger. It can be made slow, and a card can be one that is declined.
 */
export interface Ledger {
  readonly charges: readonly { key: string; amount: number; receiptId: string }[]
  readonly refunds: readonly string[]
}

class CardDeclined extends Error {
  override readonly name = 'CardDeclined'
}

const charges = new Map<string, { key: string; amount: number; receiptId: string }>()
const refunds = new Set<string>()
const declinedAmount = 66_600
let open: Promise<void> = Promise.resolve()

export const gateway = {
  async charge(
    { amount }: { amount: number },
    { idempotencyKey: key, signal }: { idempotencyKey: string; signal: AbortSignal },
  ): Promise<{ receiptId: string }> {
    await open
    signal.throwIfAborted()
    if (amount === declinedAmount) throw new CardDeclined(`no funds for ${key}`)
    const charge = charges.get(key) ?? { key, amount, receiptId: `receipt-${key}` }
    charges.set(key, charge)
    return { receiptId: charge.receiptId }
  },

  /** Refunding what was never charged, or was refunded before, changes nothing. */
  async refund(key: string): Promise<void> {
    if (charges.has(key)) refunds.add(key)
  },

  /** What happened to one order's money. */
  ledger(orderId: string): Ledger {
    const mine = (key: string) => key.startsWith(`${orderId}:`)
    return {
      charges: [...charges.values()].filter(({ key }) => mine(key)),
      refunds: [...refunds].filter(mine),
    }
  },

  /** Lets charges wait until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = deferred()
    open = promise
    return resolve
  },

  declinedAmount,
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}
