import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import type { GatewayFaults } from '../../../../runtime/demo/gateway/faults.js'
import { GatewayClient } from '../../../../runtime/demo/gateway/gateway-client.js'
import { countLedger, LedgerFile } from '../../../../runtime/demo/gateway/ledger.js'
import { type RunningGateway, startGateway } from '../../../../runtime/demo/gateway/start-gateway.js'
import { until } from '../../../support/until.js'

const directory = mkdtempSync(join(tmpdir(), 'perdure-gateway-'))
const ledger = join(directory, 'ledger.ndjson')
const { signal } = new AbortController()
/** What is to be answered is waited for on any machine; what is not, no longer than it must. */
const patientMs = 30_000
const impatientMs = 150

describe('the payment gateway, in its own process', () => {
  let gateway: RunningGateway
  let client: GatewayClient
  let impatient: GatewayClient

  before(async () => {
    gateway = await startGateway({ ledger, log: join(directory, 'log') })
    client = new GatewayClient(gateway.port, patientMs)
    impatient = new GatewayClient(gateway.port, impatientMs)
  })
  after(async () => {
    client.close()
    impatient.close()
    await gateway.stop()
    rmSync(directory, { recursive: true })
  })

  it('gives the same receipt for the same key, and takes the money once', async () => {
    const charge = { key: 'o-1:charge', orderId: 'o-1', amount: 12.5 }
    const receipts = await Promise.all([1, 2, 3].map(() => client.charge(charge, signal)))
    assert.equal(new Set(receipts.map(receipt => receipt.receiptId)).size, 1)
    const count = await countLedger(ledger)
    assert.deepEqual([count.requests, count.charges, count.duplicateCharges], [3, 1, 0])
    assert.deepEqual([...count.kept], [['o-1', 12.5]])
  })

  it('refuses a key that comes back with another amount', async () => {
    const again = client.charge({ key: 'o-1:charge', orderId: 'o-1', amount: 99 }, signal)
    await assert.rejects(again, { message: /POST \/charges was answered 409: .*charged with 12.5, found 99/ })
  })

  it('gives back what was charged, once, and nothing that was not', async () => {
    assert.deepEqual(await client.refund({ key: 'o-9:charge', amount: 1 }, signal), { refunded: false })
    await assert.rejects(client.refund({ key: 'o-1:charge', amount: 13 }, signal), { code: 'Refused' })
    const refund = { key: 'o-1:charge', amount: 12.5 }
    assert.deepEqual(await client.refund(refund, signal), { refunded: true })
    assert.deepEqual(await client.refund(refund, signal), { refunded: true })
    const count = await countLedger(ledger)
    assert.deepEqual([count.refunds, count.kept.size], [1, 0])
  })

  it('charges another instrument of the same order, which is no double charge, and refunds a part', async () => {
    const before = await countLedger(ledger)
    await client.charge({ key: 'o-2:charge:1', orderId: 'o-2', amount: 1.1 }, signal)
    await client.charge({ key: 'o-2:charge:2', orderId: 'o-2', amount: 2.2 }, signal)
    await client.refund({ key: 'o-2:charge:2', amount: 0.3 }, signal)
    const after = await countLedger(ledger)
    assert.deepEqual([after.charges - before.charges, after.duplicateCharges], [2, before.duplicateCharges])
    assert.equal(after.kept.get('o-2'), 3)
  })

  describe('that misbehaves, from one moment to the next', () => {
    const nothing: Partial<GatewayFaults> = { timeout: 0, '5xx': 0, hang: 0, drop: 0, decline: 0, latency: 0 }
    afterEach(() => gateway.misbehave(nothing))

    /** How a charge of a new key fares, and whether money moved. */
    async function charge(
      key: string,
      by = client,
    ): Promise<{ failure: string | undefined; moved: boolean }> {
      const failure = await by.charge({ key, orderId: key, amount: 5 }, new AbortController().signal).then(
        () => undefined,
        (error: Error & { code?: string }) => error.code ?? error.message,
      )
      return { failure, moved: (await countLedger(ledger)).kept.has(key) }
    }

    it('charges and does not answer in time; asked again under the key it says the same receipt', async () => {
      await gateway.misbehave({ timeout: 1 })
      // One that was given up before it arrived is asked again.
      const met = await until(async () => {
        const one = await charge('o-3', impatient)
        return one.moved || one.failure !== 'NoAnswer' ? one : undefined
      })
      assert.deepEqual(met, { failure: 'NoAnswer', moved: true })
      await gateway.misbehave(nothing)
      assert.deepEqual(await charge('o-3'), { failure: undefined, moved: true })
      assert.equal((await countLedger(ledger)).duplicateCharges, 0)
    })

    it('hangs, is out of order, or declines the card: nothing moves', async () => {
      await gateway.misbehave({ hang: 1 })
      assert.deepEqual(await charge('o-4', impatient), { failure: 'NoAnswer', moved: false })
      await gateway.misbehave({ hang: 0, '5xx': 1 })
      const { failure, moved } = await charge('o-5')
      assert.deepEqual([/answered 503/.test(failure ?? ''), moved], [true, false])
      await gateway.misbehave({ ...nothing, decline: 1 })
      assert.deepEqual(await charge('o-6'), { failure: 'CardDeclined', moved: false })
    })

    it('breaks the connection, before or after it did what it was asked', async () => {
      await gateway.misbehave({ drop: 1 })
      const met = await Promise.all(Array.from({ length: 12 }, (_, nth) => charge(`o-7-${nth}`)))
      assert.deepEqual([...new Set(met.map(one => one.failure))], ['ECONNRESET'])
      const { kept } = await countLedger(ledger)
      const moved = met.filter((_, nth) => kept.has(`o-7-${nth}`)).length
      assert.ok(moved > 0 && moved < 12, `${moved} of 12 moved`)
    })

    it('is not told to do what makes no sense', async () => {
      await assert.rejects(gateway.misbehave({ timeout: 2 }), {
        message: /timeout= with a share from 0 to 1, found 2/,
      })
      assert.deepEqual(await charge('o-8'), { failure: undefined, moved: true })
    })
  })
})

it('a ledger in which one key was charged twice says so, whatever the gateway promised', async () => {
  const own = mkdtempSync(join(tmpdir(), 'perdure-ledger-'))
  const path = join(own, 'ledger.ndjson')
  const file = new LedgerFile(path)
  const line = { request: 'charge', key: 'o-1:charge', orderId: 'o-1', amount: 1 } as const
  file.append({ ...line, outcome: 'moved', answer: 'late' })
  file.append({ ...line, outcome: 'moved', answer: 'prompt' })
  file.append({ ...line, outcome: 'nothing', answer: 'error' })
  file.close()
  const { duplicateCharges, chargesAsked, unheard, failed, kept } = await countLedger(path)
  assert.deepEqual([duplicateCharges, chargesAsked, unheard, failed, kept.get('o-1')], [1, 3, 1, 1, 2])
  rmSync(own, { recursive: true })
})
