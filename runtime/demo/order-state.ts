/**
 * An order's state in words, for tables and comparisons: `awaiting carrier, overdue`.
 */

interface Open {
  readonly open: { readonly stage: string | object; readonly schedule: 'unpromised' | 'promised' | 'overdue' }
}

/** `value` is an order machine's state value. */
export function orderState(value: unknown): string {
  if (typeof value === 'string') return words(value)
  if (typeof value !== 'object' || value === null || !('open' in value)) return words(outermost(value))
  const { open } = value as Open
  const [stage, schedule] = [outermost(open.stage), open.schedule]
  return schedule === 'overdue' ? `${words(stage)}, overdue` : words(stage)
}

/** `reviewing` of `{ reviewing: 'asking' }`; but what waits for an operator says so. */
function outermost(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const [state = '', within] = Object.entries(value)[0] ?? []
  return within === 'unresolved' ? within : state
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

/** Whether somebody has to look: what was done could not be undone. */
export function needsPerson(state: string): boolean {
  return state.startsWith('unresolved')
}

/** States in which an order's money is with the shop; in the others it is with the customer. */
export function isPaidFor(state: string): boolean {
  return /^(notifying|booking|awaiting carrier|partly shipped|in transit|delivered)/.test(state)
}
