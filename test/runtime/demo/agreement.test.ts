import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { compareWithTable } from '../../../runtime/demo/agreement.js'
import { isPaidFor, orderState } from '../../../runtime/demo/order-state.js'

const directory = mkdtempSync(join(tmpdir(), 'perdure-agreement-'))
after(() => rmSync(directory, { recursive: true }))

function table(...rows: string[]): string {
  const path = join(directory, 'orders.csv')
  writeFileSync(path, ['order_id,order_status,order_approved_at', ...rows, ''].join('\n'))
  return path
}

describe("comparing with the shop's table", () => {
  it('agrees where each status means the state found', async () => {
    const path = table(
      'a,delivered,t',
      'b,shipped,t',
      'c,processing,t',
      'd,canceled,t',
      'e,canceled,',
      'f,created,',
    )
    const states = new Map([
      ['a', 'delivered'],
      ['b', 'in transit, overdue'],
      ['c', 'awaiting carrier, overdue'],
      ['d', 'awaiting carrier, overdue'],
      ['e', 'awaiting payment, overdue'],
      ['f', 'awaiting payment, overdue'],
    ])
    assert.deepEqual(await compareWithTable(path, states), { agreeing: 6, orders: 6, differing: [] })
  })

  it('names the orders that differ, that are missing, and that nobody knows', async () => {
    const path = table('a,delivered,t', 'b,shipped,t', 'c,lost,t')
    const states = new Map([
      ['a', 'in transit'],
      ['c', 'delivered'],
      ['z', 'delivered'],
    ])
    const { agreeing, differing } = await compareWithTable(path, states)
    assert.equal(agreeing, 0)
    assert.deepEqual(differing, [
      "a is 'delivered': expected delivered, found in transit",
      "b is 'shipped': expected in transit, overdue, found undefined",
      "c is 'lost': expected a known status, found delivered",
      'z is not in the table',
    ])
  })

  it('refuses a table without the columns', async () => {
    const path = join(directory, 'other.csv')
    writeFileSync(path, 'id,status\n')
    await assert.rejects(compareWithTable(path, new Map()), { message: /expected a column 'order_id'/ })
  })
})

describe("an order's state in words", () => {
  it('is the stage, with its deadline when that has passed', () => {
    assert.equal(
      orderState({ open: { stage: 'awaitingCarrier', schedule: 'overdue' } }),
      'awaiting carrier, overdue',
    )
    assert.equal(orderState({ open: { stage: 'inTransit', schedule: 'onTime' } }), 'in transit')
    assert.equal(orderState('rejected'), 'rejected')
    assert.equal(orderState({ compensating: 'refunding' }), 'compensating')
  })

  it('tells where the money is', () => {
    const paid = ['awaiting carrier', 'in transit, overdue', 'delivered'].map(isPaidFor)
    const unpaid = ['awaiting payment, overdue', 'cancelled', 'rejected', 'awaiting purchase'].map(isPaidFor)
    assert.deepEqual([...paid, ...unpaid], [true, true, true, false, false, false, false])
  })
})
