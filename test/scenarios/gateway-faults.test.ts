/**
 * A payment gateway that charges and then does not answer, and fails in every other way too, under load, with
 * the runtime killed again and again and customers who cancel while they are being charged. What is true is
 * counted outside of the runtime: in the gateway's ledger, in the journal it left, and in what was ordered.
 */
import assert from 'node:assert/strict'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { idOf } from '../../actors/address.js'
import { openJournal } from '../../journal/index.js'
import { noServices } from '../../machines/lifecycles/order-activities.js'
import { orderV1, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import type { OrderEvent } from '../../machines/lifecycles/order-events.js'
import { countLedger } from '../../runtime/demo/gateway/ledger.js'
import { type RunningGateway, startGateway } from '../../runtime/demo/gateway/start-gateway.js'
import { findMoney } from '../../runtime/demo/money.js'
import { orderState } from '../../runtime/demo/order-state.js'
import { Random } from '../../runtime/demo/random.js'
import { type Client, connect } from '../../runtime/index.js'
import { dayMs, hourMs, noon } from '../machines/lifecycles/order-life.js'
import { ChildProgram } from '../support/child-program.js'

const PROGRAM = new URL('../support/order-program.js', import.meta.url)
const ORDERS = 1_000
const KILLS = 12
const AT_ONCE = 200
const definition = orderV1(noServices)

interface PlannedOrder {
  readonly key: string
  readonly amount: number
  readonly purchase: OrderEvent
  readonly isCancelled: boolean
  /** How long after the payment was approved, milliseconds. */
  readonly cancelAfterMs: number
}

/** Orders of one or two instruments and sellers; four in ten customers change their mind. */
function plan(nth: number, random: Random): PlannedOrder {
  const parts = Array.from({ length: random.between(1, 2) }, () => random.between(100, 20_000) / 100)
  const amount = Math.round(parts.reduce((sum, part) => sum + part, 0) * 100) / 100
  const purchase: OrderEvent = {
    type: 'PURCHASED',
    at: noon,
    customer: `c-${nth}`,
    items: parts.map((price, part) => ({ sku: 's', seller: `m-${part}`, price, freight: 0 })),
    payments: parts.map(value => ({ type: 'credit_card', installments: 1, value })),
  }
  const key = `o-${nth}`
  return { key, amount, purchase, isCancelled: random.chance(0.4), cancelAfterMs: random.exponential(150) }
}

/** The program, started again whenever it is killed. */
class Killed {
  kills = 0
  readonly #args: readonly string[]
  #child!: ChildProgram

  constructor(directory: string, { port, answerMsMax }: RunningGateway) {
    this.#args = [directory, String(port), String(answerMsMax)]
  }

  async start(): Promise<void> {
    this.#child = await ChildProgram.start(PROGRAM, this.#args)
  }

  async kill(): Promise<void> {
    if (!this.#child.isRunning) return
    await this.#child.end()
    this.kills++
  }
}

async function live(client: Client, { key, purchase, isCancelled, cancelAfterMs }: PlannedOrder) {
  const order = client.actor(definition, key)
  const say = async (event: OrderEvent) => {
    await order.send(event, { id: `${key}:${event.type}` })
  }
  await say(purchase)
  await say({ type: 'PAYMENT_APPROVED', at: noon + hourMs })
  if (isCancelled) {
    await new Promise(resolve => setTimeout(resolve, cancelAfterMs))
    await say({ type: 'CANCEL', at: noon + 2 * hourMs, reason: 'changed my mind' })
  } else {
    await say({ type: 'HANDED_TO_CARRIER', at: noon + dayMs })
    await say({ type: 'DELIVERED', at: noon + 5 * dayMs })
  }
  await order.waitFor(({ status }) => status === 'done', { timeoutMs: 80_000 })
}

/** How orders ended, and how many heard a CANCEL while they were being charged. */
function readJournal(path: string) {
  const journal = openJournal({ path, readOnly: true })
  const states = new Map<string, string>()
  let cancelledInCharge = 0
  try {
    for (const { entries } of journal.commits(0))
      for (const { address, command, value } of entries) {
        const { type, key } = idOf(address)
        if (type !== definition.type || address.split('/').length > 2) continue
        const isCancel = command.kind === 'message' && command.event.type === 'CANCEL'
        if (isCancel && states.get(key) === 'charging') cancelledInCharge++
        if (value !== undefined) states.set(key, orderState(value))
      }
  } finally {
    journal.close()
  }
  return { states, cancelledInCharge }
}

/** Keys under which each order was charged: one for each instrument, and no other. */
async function chargeKeys(ledger: string): Promise<Map<string, Set<string>>> {
  const keys = new Map<string, Set<string>>()
  for await (const line of createInterface({ input: createReadStream(ledger) })) {
    const { request, key, orderId, outcome } = JSON.parse(line) as Record<string, string>
    if (request === 'charge' && outcome === 'moved')
      keys.set(orderId!, (keys.get(orderId!) ?? new Set<string>()).add(key!))
  }
  return keys
}

test(`${ORDERS} orders, a gateway that charges and times out, ${KILLS} kills`, {
  timeout: 180_000,
}, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-gateway-faults-'))
  const ledger = join(directory, 'ledger.ndjson')
  const faults = { timeout: 0.3, '5xx': 0.08, hang: 0.02, drop: 0.02, latency: 20, spread: 30, seed: 7 }
  const gateway = await startGateway({ ledger, log: join(directory, 'log'), faults })
  const random = new Random(7)
  const orders = Array.from({ length: ORDERS }, (_, nth) => plan(nth, random))
  const program = new Killed(directory, gateway)
  const startedAt = Date.now()
  try {
    await program.start()
    const client = await connect({
      actors: [definition, riskProfileActor],
      path: join(directory, 'journal'),
      limits: { remoteAwayMsMax: 60_000 },
    })
    let ended = 0
    let killing: Promise<void> | undefined
    const again = async () => {
      await program.kill()
      await program.start()
      killing = undefined
    }
    const waiting = [...orders]
    const worker = async () => {
      for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
        await live(client, order)
        ended++
        if (killing === undefined && ended > ((program.kills + 0.5) * ORDERS) / (KILLS + 1)) killing = again()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    await killing
    await client[Symbol.asyncDispose]()
    await program.kill()

    const { states, cancelledInCharge } = readJournal(join(directory, 'journal'))
    const count = await countLedger(ledger)
    const amounts = new Map(orders.map(({ key, amount }) => [key, amount]))
    const { misplaced, cancelledUnrefunded } = findMoney(states, amounts, count.kept)
    const many = (outcome: string) => [...states.values()].filter(state => state === outcome).length
    const sums = `${many('delivered')} delivered, ${many('cancelled')} cancelled`
    t.diagnostic(`${sums} in ${Math.round((Date.now() - startedAt) / 1000)} s, ${program.kills} kills`)
    t.diagnostic(`cancelled during a charge: ${cancelledInCharge}; refunds: ${count.refunds}`)
    t.diagnostic(
      `requests: ${count.requests}; moved money and unheard: ${count.unheard}; failed: ${count.failed}`,
    )
    t.diagnostic(
      `double charges: ${count.duplicateCharges}; paid, cancelled, not refunded: ${cancelledUnrefunded}`,
    )

    assert.equal(states.size, ORDERS)
    assert.deepEqual(new Set(states.values()), new Set(['delivered', 'cancelled']), 'every order ends')
    for (const { key, isCancelled } of orders)
      assert.equal(states.get(key), isCancelled ? 'cancelled' : 'delivered', key)
    assert.equal(count.duplicateCharges, 0)
    for (const [key, keys] of await chargeKeys(ledger)) {
      const { purchase } = orders.find(order => order.key === key)!
      assert.ok(
        purchase.type === 'PURCHASED' && keys.size <= purchase.payments.length,
        `${key} under ${[...keys]}`,
      )
    }
    assert.deepEqual({ misplaced, cancelledUnrefunded }, { misplaced: 0, cancelledUnrefunded: 0 })
    // What was to be survived did happen.
    assert.ok(program.kills > KILLS, `${program.kills} kills`)
    assert.ok(count.unheard > count.requests * 0.25, `${count.unheard} of ${count.requests} unheard`)
    assert.ok(cancelledInCharge >= ORDERS / 20, `${cancelledInCharge} cancelled during a charge`)
    assert.ok(count.refunds >= ORDERS / 20)
  } finally {
    await program.kill()
    await gateway.stop()
    rmSync(directory, { recursive: true })
  }
})
