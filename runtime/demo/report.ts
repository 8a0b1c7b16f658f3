/**
 * A demo's result as a table for people and as one JSON object for programs.
 */
import Table from 'cli-table3'
import type { DemoResult } from './demo.js'
import type { Percentiles } from './flight.js'

/** The object `--json` prints. Rates a second, times in milliseconds, sizes in bytes. */
export interface DemoJson {
  readonly orders: number
  readonly commands: number
  readonly byState: Readonly<Record<string, number>>
  readonly ordersPerSecond: number
  readonly commandsPerSecond: number
  readonly sendToAppliedMs: Percentiles
  readonly sendToSettledMs: Percentiles
  readonly chargesAsked: number
  readonly charges: number
  readonly duplicateCharges: number
  /** The gateway did what it was asked, and nobody heard in time. */
  readonly answersUnheard: number
  /** The gateway did nothing: 503, silence, a broken connection. */
  readonly requestsFailed: number
  readonly declined: number
  readonly refunds: number
  readonly circuitOpened: number
  readonly cancelledUnrefunded: number
  /** Orders that wait for a person. */
  readonly unresolved: number
  readonly lost: number
  readonly journalBytes: number
  readonly digest: string
}

export function demoJson(result: DemoResult): DemoJson {
  const { orders, commands, seconds, sendToAppliedMs, sendToSettledMs, ledger, journal, money } = result
  return {
    orders,
    commands,
    byState: byState(journal.states),
    ordersPerSecond: perSecond(orders, seconds),
    commandsPerSecond: perSecond(commands, seconds),
    sendToAppliedMs,
    sendToSettledMs,
    chargesAsked: ledger.chargesAsked,
    charges: ledger.charges,
    duplicateCharges: ledger.duplicateCharges,
    answersUnheard: ledger.unheard,
    requestsFailed: ledger.failed,
    declined: ledger.declined,
    refunds: ledger.refunds,
    circuitOpened: result.circuitOpened,
    cancelledUnrefunded: money.cancelledUnrefunded,
    unresolved: result.unresolved,
    lost: journal.lost,
    journalBytes: journal.bytes,
    digest: journal.digest,
  }
}

/** `inColour` only where somebody looks at a terminal. */
export function demoTable(result: DemoResult, inColour: boolean): string {
  const { orders, commands, unhandled, kills, seconds, journal, ledger, money } = result
  const json = demoJson(result)
  const table = new Table({
    head: ['orders', count(orders)],
    colAligns: ['left', 'right'],
    style: { compact: true, ...(inColour ? { head: ['bold'], border: ['grey'] } : { head: [], border: [] }) },
  })
  const rows: [string, string][] = [
    ...Object.entries(json.byState).map(([state, many]): [string, string] => [`  ${state}`, count(many)]),
    ['commands', count(commands)],
    ['  that told nothing new', count(unhandled)],
    ['time', `${seconds.toFixed(1)} s`],
    ['orders a second', count(json.ordersPerSecond)],
    ['commands a second', count(json.commandsPerSecond)],
    ['sent → applied, p50 / p99', milliseconds(json.sendToAppliedMs)],
    ['sent → settled, p50 / p99', milliseconds(json.sendToSettledMs)],
    ['journal, bytes an order', count(orders === 0 ? 0 : Math.round(journal.bytes / orders))],
    ['runtime killed (kill -9)', `${kills} times`],
    ['acknowledged commands lost', count(journal.lost)],
    ['commands applied twice', count(journal.surplus)],
    ['charges', count(ledger.charges)],
    ['  asked for, in all', count(ledger.chargesAsked)],
    ...troubles(result),
    ['  charged twice', count(ledger.duplicateCharges)],
    ['  given back', count(ledger.refunds)],
    ['cancelled, money not given back', count(money.cancelledUnrefunded)],
    ['payments not where the state says', count(money.misplaced)],
    ['orders that need a person', count(result.unresolved)],
    ...agreement(result),
    ['digest of the outcome', journal.digest.slice(0, 16)],
  ]
  table.push(...rows)
  return [table.toString(), ...(result.agreement?.differing ?? [])].join('\n')
}

/** Rows of a gateway that misbehaved. */
function troubles({ ledger, circuitOpened }: DemoResult): [string, string][] {
  const rows: [string, number, string][] = [
    ['  moved money, answered late or never', ledger.unheard, ''],
    ['  failed: error, silence, cut off', ledger.failed, ''],
    ['  declined', ledger.declined, ''],
    ['  circuit breaker opened', circuitOpened, ' times'],
  ]
  return rows.flatMap(([what, many, unit]) => (many === 0 ? [] : [[what, `${count(many)}${unit}`]]))
}

function agreement({ agreement: found }: DemoResult): [string, string][] {
  return found === undefined ? [] : [['agree with orders.csv', `${found.agreeing}/${found.orders}`]]
}

/** How many orders ended in which state. */
export function byState(states: ReadonlyMap<string, string>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const state of [...states.values()].sort()) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

function perSecond(many: number, seconds: number): number {
  return seconds === 0 ? 0 : Math.round(many / seconds)
}

function count(many: number): string {
  return many.toLocaleString('en')
}

function milliseconds({ p50, p99 }: Percentiles): string {
  return `${p50} / ${p99} ms`
}
