/**
 * What the clients of a simulation want: orders to actors, each with an id of its own, some of them bad. Plain
 * data; how an order is given, and given again, is the clients' business.
 */
import type { AccountEvent } from './machines/account.js'
import type { CounterEvent } from './machines/counter.js'
import type { FamilyEvent } from './machines/family.js'
import type { JobEvent, JobInput } from './machines/job.js'
import type { ReminderEvent } from './machines/reminder.js'
import type { TransferInput } from './machines/transfer.js'
import type { Random } from './random.js'

export type Wish =
  | { readonly to: 'counter'; readonly event: CounterEvent; readonly delayMs?: number }
  | { readonly to: 'account'; readonly event: AccountEvent }
  | { readonly to: 'account'; readonly start: { balance: number } }
  | { readonly to: 'transfer'; readonly start: TransferInput }
  | { readonly to: 'reminder'; readonly event: ReminderEvent }
  | { readonly to: 'family'; readonly event: FamilyEvent }
  | { readonly to: 'job'; readonly start: JobInput }
  | { readonly to: 'job'; readonly event: JobEvent }

export interface Order {
  /** The command's id. */
  readonly id: string
  readonly key: string
  readonly wish: Wish
  /** Whether the client wants to see the state after it. */
  readonly asks: boolean
}

export const ACCOUNTS = ['a', 'b', 'c'] as const
export const BALANCE = 100
/** Never started. */
const GHOST = 'ghost'

/** Orders in the order in which they are first given; the accounts are opened first. */
export function ordersFor(random: Random, count: number, poisonous: boolean): Order[] {
  const opened = ACCOUNTS.map(
    (key): Order => ({
      id: `open-${key}`,
      key,
      wish: { to: 'account', start: { balance: BALANCE } },
      asks: true,
    }),
  )
  const jobs: string[] = []
  const orders = Array.from({ length: count }, (_, at): Order => {
    const id = `order-${at + 1}`
    const { key, wish } = wishFor(random, id, at, jobs)
    return { id, key, wish, asks: random.chance(0.5) }
  })
  const poison: Order = {
    id: 'poison',
    key: 'x',
    wish: { to: 'counter', event: { type: 'KILL' } },
    asks: false,
  }
  return [...opened, ...orders, ...(poisonous ? [poison] : [])]
}

function wishFor(random: Random, id: string, n: number, jobs: string[]): Pick<Order, 'key' | 'wish'> {
  switch (random.weighted({ counter: 6, account: 2, transfer: 5, reminder: 4, family: 2, job: 4 })) {
    case 'counter':
      return { key: random.pick(['x', 'y']), wish: counterWish(random, id) }
    case 'account':
      return {
        key: random.pick([...ACCOUNTS, ...ACCOUNTS, GHOST]),
        wish: {
          to: 'account',
          event: random.chance(0.8)
            ? { type: 'DEPOSIT', id, amount: random.between(1, 30) }
            : { type: 'DANCE' },
        },
      }
    case 'transfer': {
      const [from, to] = [random.pick([...ACCOUNTS, GHOST]), random.pick([...ACCOUNTS, GHOST])]
      const amount = random.between(1, 80)
      return { key: id, wish: { to: 'transfer', start: { id, from, to, amount } } }
    }
    case 'reminder':
      return { key: random.pick(['r', 's']), wish: { to: 'reminder', event: reminderEvent(random, n) } }
    case 'family': {
      const event: FamilyEvent =
        random.chance(0.7) || n === 0
          ? { type: 'ADOPT', id: String(n) }
          : { type: 'DISMISS', id: String(random.between(0, n - 1)) }
      return { key: 'f', wish: { to: 'family', event } }
    }
    case 'job':
      return jobWish(random, id, jobs)
  }
}

function counterWish(random: Random, id: string): Wish {
  const kind = random.weighted({ add: 8, late: 2, boom: 1, nothing: 1 })
  if (kind === 'boom') return { to: 'counter', event: { type: 'BOOM' } }
  if (kind === 'nothing') return { to: 'counter', event: { type: 'NOTHING' } }
  const event: CounterEvent = { type: 'ADD', id, amount: random.between(1, 9) }
  return kind === 'add'
    ? { to: 'counter', event }
    : { to: 'counter', event, delayMs: random.between(0, 3_000) }
}

function reminderEvent(random: Random, n: number): ReminderEvent {
  const kind = random.weighted({ set: 5, stop: 2, arm: 3 })
  if (kind === 'arm') return { type: 'ARM' }
  return kind === 'set' || n === 0
    ? { type: 'SET', n, ms: random.pick([0, 10, 500, 5_000, 40_000]) }
    : { type: 'STOP', n: random.between(0, n - 1) }
}

function jobWish(random: Random, id: string, jobs: string[]): Pick<Order, 'key' | 'wish'> {
  if (jobs.length === 0 || random.chance(0.6)) {
    jobs.push(id)
    const items = Array.from({ length: random.between(0, 4) }, () => random.between(1, 9))
    return { key: id, wish: { to: 'job', start: { id, items } } }
  }
  const event: JobEvent = random.chance(0.75) ? { type: 'REDO' } : { type: 'CANCEL' }
  return { key: random.pick(jobs), wish: { to: 'job', event } }
}
