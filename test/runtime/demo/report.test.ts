import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type DemoResult, isFaultless } from '../../../runtime/demo/demo.js'
import { demoJson, demoTable } from '../../../runtime/demo/report.js'

const result: DemoResult = {
  title: '3 generated orders, seed 1',
  orders: 3,
  commands: 12,
  unhandled: 1,
  kills: 2,
  seconds: 2,
  sendToAppliedMs: { p50: 1.5, p99: 20 },
  sendToSettledMs: { p50: 3, p99: 40 },
  circuitOpened: 4,
  unresolved: 0,
  money: { misplaced: 0, cancelledUnrefunded: 0 },
  journal: {
    amounts: new Map(),
    states: new Map([
      ['a', 'delivered'],
      ['b', 'rejected'],
      ['c', 'delivered'],
    ]),
    lost: 0,
    surplus: 0,
    digest: 'f00d'.repeat(16),
    bytes: 30_000,
  },
  ledger: {
    requests: 7,
    chargesAsked: 6,
    charges: 2,
    duplicateCharges: 0,
    refunds: 1,
    unheard: 3,
    failed: 0,
    declined: 1,
    kept: new Map([
      ['a', 10],
      ['c', 10],
    ]),
  },
  agreement: { agreeing: 3, orders: 3, differing: [] },
}

describe("a demo's report", () => {
  it('as JSON has the fields that programs read', () => {
    assert.deepEqual(demoJson(result), {
      orders: 3,
      commands: 12,
      byState: { delivered: 2, rejected: 1 },
      ordersPerSecond: 2,
      commandsPerSecond: 6,
      sendToAppliedMs: { p50: 1.5, p99: 20 },
      sendToSettledMs: { p50: 3, p99: 40 },
      chargesAsked: 6,
      charges: 2,
      duplicateCharges: 0,
      answersUnheard: 3,
      requestsFailed: 0,
      declined: 1,
      refunds: 1,
      circuitOpened: 4,
      cancelledUnrefunded: 0,
      unresolved: 0,
      lost: 0,
      journalBytes: 30_000,
      digest: 'f00d'.repeat(16),
    })
  })

  it('as a table is plain text in a log file', () => {
    const table = demoTable(result, false)
    assert.ok(!table.includes('\u001b'))
    assert.match(table, /delivered +│ +2 │/)
    assert.match(table, /journal, bytes an order +│ +10,000 │/)
    assert.match(table, /agree with orders.csv +│ +3\/3 │/)
  })

  it('says how the gateway misbehaved, where it did', () => {
    const table = demoTable(result, false)
    assert.match(table, /moved money, answered late or never +│ +3 │/)
    assert.match(table, /circuit breaker opened +│ +4 times │/)
    assert.ok(!table.includes('failed: error'))
  })

  it('names the orders that differ', () => {
    const agreement = {
      agreeing: 2,
      orders: 3,
      differing: ["b is 'delivered': expected delivered, found rejected"],
    }
    assert.match(demoTable({ ...result, agreement }, false), /b is 'delivered'/)
  })
})

describe('a result is faulty when', () => {
  it('nothing is wrong: it is not', () => assert.equal(isFaultless(result), true))

  const { journal, ledger } = result
  for (const [what, faulty] of [
    ['a command is lost', { journal: { ...journal, lost: 1 } }],
    ['a command was applied twice', { journal: { ...journal, surplus: 1 } }],
    ['an order was charged twice', { ledger: { ...ledger, duplicateCharges: 1 } }],
    ['money is not where it should be', { money: { misplaced: 1, cancelledUnrefunded: 0 } }],
    ["an order differs from the shop's table", { agreement: { agreeing: 2, orders: 3, differing: [] } }],
  ] as const)
    it(what, () => assert.equal(isFaultless({ ...result, ...faulty }), false))
})
