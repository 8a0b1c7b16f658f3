/**
 * The main job, with crashes: orders through the pipeline in processes of their own, as the demo runs them,
 * with and without kill -9, on made-up orders and (where they are at hand) on the real ones.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type DemoOptions, type DemoResult, isFaultless, runDemo } from '../../runtime/demo/demo.js'
import { generateOrders } from '../../runtime/demo/order-generator.js'
import { type OrderRecord, timeOf } from '../../runtime/demo/order-record.js'

/** Beside the project, never in it; not for commercial use. */
const realOrders = join(process.cwd(), '../shared/data/orders.events.ndjson')
/** Fewer make it shorter, and prove less. */
const realKills = Number(process.env.PERDURE_KILLS ?? 100)

const silent = { begin() {}, update() {}, stop() {} }

async function demo(options: Partial<DemoOptions>): Promise<DemoResult> {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-orders-'))
  try {
    return await runDemo({ orders: 0, seed: 1, kills: 0, directory, ...options }, silent)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

describe('made-up orders', () => {
  const [orders, seed] = [300, 10]

  it('end the same with eight kills as with none, and nothing is lost or doubled', async () => {
    const calm = await demo({ orders, seed })
    const killed = await demo({ orders, seed, kills: 8 })
    assert.ok(isFaultless(calm))
    assert.ok(isFaultless(killed))
    assert.equal(killed.kills, 8)
    assert.equal(killed.journal.digest, calm.journal.digest)
    assert.deepEqual(killed.journal.states, calm.journal.states)
    assert.deepEqual(killed.ledger.charges, calm.ledger.charges)
    assertAsExpected(calm.journal.states, [...generateOrders(orders, seed)])
  })

  it('end the same when the gateway is slow, so that kills meet charges in flight', async () => {
    const calm = await demo({ orders, seed })
    const slow = await demo({ orders, seed, kills: 8, faults: { latency: 300 } })
    assert.ok(isFaultless(slow))
    assert.ok(slow.ledger.requests > slow.ledger.charges + slow.ledger.refunds, 'no kill met a charge')
    assert.equal(slow.journal.digest, calm.journal.digest)
  })

  it('end the same when the gateway fails at every other request, but for cards it declines', async () => {
    const calm = await demo({ orders: 150, seed, faults: { decline: 0.1 } })
    const faults = { decline: 0.1, timeout: 0.3, '5xx': 0.1, drop: 0.1, latency: 5 }
    const failing = await demo({ orders: 150, seed, kills: 4, faults })
    assert.ok(isFaultless(calm))
    assert.ok(isFaultless(failing))
    assert.ok(failing.ledger.unheard > 40 && failing.ledger.failed > 10, 'the gateway behaved')
    assert.ok(failing.ledger.declined > 5)
    assert.deepEqual([failing.money.cancelledUnrefunded, failing.unresolved], [0, 0])
    assert.equal(failing.journal.digest, calm.journal.digest)
  })
})

describe('the real orders', { skip: !existsSync(realOrders) && `no ${realOrders}` }, () => {
  it(`end as the shop says, the same with ${realKills} kills as with none`, async () => {
    const calm = await demo({ input: realOrders })
    assert.ok(isFaultless(calm))
    assert.deepEqual([calm.orders, calm.commands, calm.agreement?.agreeing], [2_000, 9_389, 2_000])
    const killed = await demo({ input: realOrders, kills: realKills })
    assert.ok(isFaultless(killed))
    assert.deepEqual([killed.kills, killed.agreement?.agreeing], [realKills, 2_000])
    assert.equal(killed.journal.digest, calm.journal.digest)
  })
})

/** A second, dumber account of where events lead, fed with the same records. */
function assertAsExpected(states: ReadonlyMap<string, string>, records: readonly OrderRecord[]): void {
  const heard = new Map<string, OrderRecord[]>()
  for (const record of records) heard.set(record.order_id, [...(heard.get(record.order_id) ?? []), record])
  const hasty = hastyCustomers(records)
  let rejected = 0
  for (const [orderId, events] of heard) {
    const state = states.get(orderId)
    if (state === 'rejected') {
      rejected++
      assert.ok(
        events.some(({ customer }) => hasty.has(customer)),
        `${orderId} was rejected, and its customer was in no hurry`,
      )
    } else assert.equal(state, expectedState(events), orderId)
  }
  assert.ok(rejected > 0, 'nothing was rejected')
}

function expectedState(events: readonly OrderRecord[]): string {
  const noted = new Set<string>()
  for (const { type } of events) {
    if (type === 'CANCEL') return 'cancelled'
    noted.add(type)
    const isDelivered = ['PURCHASED', 'PAYMENT_APPROVED', 'HANDED_TO_CARRIER', 'DELIVERED'].every(fact =>
      noted.has(fact),
    )
    if (isDelivered) return 'delivered'
  }
  // Every deadline passes in the end.
  if (!noted.has('PAYMENT_APPROVED')) return 'awaiting payment, overdue'
  return noted.has('HANDED_TO_CARRIER') ? 'in transit, overdue' : 'awaiting carrier, overdue'
}

/** Customers with at least three purchases within an hour. */
function hastyCustomers(records: readonly OrderRecord[]): Set<unknown> {
  const purchases = new Map<unknown, number[]>()
  for (const { type, customer, ts } of records)
    if (type === 'PURCHASED') purchases.set(customer, [...(purchases.get(customer) ?? []), timeOf(ts)])
  const isHasty = (times: readonly number[]) =>
    times.some((time, index) => index >= 2 && time - times[index - 2]! < 3600_000)
  return new Set([...purchases].filter(([, times]) => isHasty(times)).map(([customer]) => customer))
}
