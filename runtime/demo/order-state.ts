/**
 * An order's state in words, for tables and comparisons: `awaiting carrier, overdue`.
 */

interface Open {
  readonly open: { readonly stage: string; readonly schedule: 'onTime' | 'overdue' }
}

/** `value` is an order machine's state value. */
export function orderState(value: unknown): string {
  if (typeof value === 'string') return words(value)
  if (typeof value !== 'object' || value === null || !('open' in value))
    return Object.keys(Object(value)).join()
  const { stage, schedule } = (value as Open).open
  return schedule === 'overdue' ? `${words(stage)}, overdue` : words(stage)
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

/** States in which an order's money is with the shop; in the others it is with the customer. */
export function isPaidFor(state: string): boolean {
  return /^(notifying|booking|awaiting carrier|in transit|delivered)/.test(state)
}
