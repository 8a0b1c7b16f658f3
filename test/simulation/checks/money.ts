/** No money is made or lost, and each transfer did all or nothing. */
import type { AccountContext } from '../machines/account.js'
import type { CounterContext } from '../machines/counter.js'
import type { TransferInput } from '../machines/transfer.js'
import { ACCOUNTS, BALANCE } from '../orders.js'
import { actorsOf, type Evidence, entriesOf } from './evidence.js'

export function checkMoney(evidence: Evidence): void {
  const { given, fail } = evidence
  const accounts = new Map<string, AccountContext>()
  for (const { key, context } of actorsOf<AccountContext>(evidence, 'account')) accounts.set(key, context)
  const deposits = given.filter(
    ({ order: { wish, id }, address }) =>
      wish.to === 'account' &&
      'event' in wish &&
      wish.event.type === 'DEPOSIT' &&
      entriesOf(evidence, address).some(
        ({ command, outcome }) => command.commandId === id && outcome !== 'held',
      ),
  )
  const amounts = deposits.map(
    ({ order: { wish } }) => ('event' in wish ? (wish.event as { amount: number }) : { amount: 0 }).amount,
  )
  const expected = ACCOUNTS.filter(key => accounts.has(key)).length * BALANCE + sum(amounts)
  const found = sum([...accounts.values()].map(account => account.balance))
  if (found !== expected) fail(`there is ${found} in all accounts: expected ${expected}`)
  for (const [key, { deposits: ids }] of accounts)
    if (new Set(ids).size !== ids.length) fail(`account/${key} took a deposit twice: ${ids.join()}`)
  const ended: string[] = []
  for (const transfer of actorsOf<TransferInput>(evidence, 'transfer')) {
    checkTransfer(transfer, accounts, fail)
    ended.push(transfer.context.id)
  }
  const [ends] = [...actorsOf<CounterContext>(evidence, 'counter')].filter(({ key }) => key === 'ends')
  const heard = [...(ends?.context.ids ?? [])].sort().join()
  if (heard !== ended.sort().join()) fail(`these transfers ended: ${ended.join()}; they said so: ${heard}`)
}

interface Transfer {
  readonly id: string
  readonly context: TransferInput
  readonly value: unknown
  readonly status: string
}

function checkTransfer(
  { id: name, context, value, status }: Transfer,
  accounts: ReadonlyMap<string, AccountContext>,
  fail: (what: string) => void,
): void {
  if (status !== 'done') return fail(`${name} never ended: it is ${JSON.stringify(value)}`)
  const [from, to] = [accounts.get(context.from), accounts.get(context.to)]
  const times = (list: readonly string[] = []) => list.filter(one => one === context.id).length
  const [debits, credits, undone] = [times(from?.debits), times(to?.credits), times(from?.undone)]
  const found = `${name} is ${String(value)}: debited ${debits}, credited ${credits}, undone ${undone} times`
  if (debits > 1 || credits > 1 || undone > 1) fail(found)
  if (value === 'settled' && !(debits === 1 && credits === 1 && undone === 0)) fail(found)
  if (value === 'refused' && debits + credits + undone > 0) fail(found)
  if (value === 'undone' && !(credits === 0 && debits === undone)) fail(found)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
