/** The result of a demo on a cluster, as a table for people and as one JSON object for programs. */
import Table from 'cli-table3'
import { byState } from '../report.js'
import { type ClusterDemoResult, isClusterFaultless } from './cluster-demo.js'

/** The object `--json` prints. */
export function clusterDemoJson(result: ClusterDemoResult) {
  const { members, orders, commands, kills, seconds, longestPauseMs, states, lost, surplus, ledger, money } =
    result
  return {
    members,
    orders,
    commands,
    kills,
    byState: byState(states),
    ordersPerSecond: Math.round((orders / Math.max(seconds, 0.001)) * 10) / 10,
    longestPauseMs,
    lost,
    surplus,
    charges: ledger.charges,
    duplicateCharges: ledger.duplicateCharges,
    refunds: ledger.refunds,
    misplaced: money.misplaced,
    isFaultless: isClusterFaultless(result),
  }
}

/** `inColour` only where somebody looks at a terminal. */
export function clusterDemoTable(result: ClusterDemoResult, inColour: boolean): string {
  const { members, orders, commands, kills, seconds, longestPauseMs, lost, surplus, ledger, money } = result
  const table = new Table({
    head: ['orders', count(orders)],
    colAligns: ['left', 'right'],
    style: { compact: true, ...(inColour ? { head: ['bold'], border: ['grey'] } : { head: [], border: [] }) },
  })
  const rows: [string, string][] = [
    ...Object.entries(byState(result.states)).map(([state, many]): [string, string] => [
      `  ${state}`,
      count(many),
    ]),
    ['commands', count(commands)],
    ['time', `${seconds.toFixed(1)} s`],
    ['members', count(members)],
    ['members killed (kill -9)', `${kills} times`],
    ['longest pause of all orders together', `${count(longestPauseMs)} ms`],
    ['acknowledged commands lost', count(lost)],
    ['commands applied twice', count(surplus)],
    ['charges', count(ledger.charges)],
    ['  charged twice', count(ledger.duplicateCharges)],
    ['  given back', count(ledger.refunds)],
    ['payments not where the state says', count(money.misplaced)],
  ]
  table.push(...rows)
  return table.toString()
}

function count(many: number): string {
  return many.toLocaleString('en')
}
