import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Child } from '../../../runtime/demo/child.js'
import { GatewayClient } from '../../../runtime/demo/gateway/gateway-client.js'
import { countLedger, LedgerFile } from '../../../runtime/demo/gateway/ledger.js'

const directory = mkdtempSync(join(tmpdir(), 'perdure-gateway-'))
const ledger = join(directory, 'ledger.ndjson')
const { signal } = new AbortController()

describe('the payment gateway, in its own process', () => {
  let process: Child<{ port: number }, never>
  let client: GatewayClient

  before(async () => {
    const port = await new Promise<number>((resolve, reject) => {
      const module = new URL('../../../runtime/demo/gateway/gateway-process.js', import.meta.url)
      Child.start<{ port: number }, never>(module, [ledger, '0'], join(directory, 'log'), message =>
        resolve(message.port),
      ).then(child => {
        process = child
      }, reject)
    })
    client = new GatewayClient(port)
  })
  after(async () => {
    client.close()
    process.kill()
    await process.ended
    rmSync(directory, { recursive: true })
  })

  it('gives the same receipt for the same key, and takes the money once', async () => {
    const charge = { key: 'o-1:charge', orderId: 'o-1', amount: 12.5 }
    const receipts = await Promise.all([1, 2, 3].map(() => client.charge(charge, signal)))
    assert.equal(new Set(receipts.map(receipt => receipt.receiptId)).size, 1)
    const count = await countLedger(ledger)
    assert.deepEqual([count.requests, count.charges, count.duplicateCharges], [3, 1, 0])
    assert.deepEqual([...count.paid], ['o-1'])
  })

  it('refuses a key that comes back with another amount', async () => {
    const again = client.charge({ key: 'o-1:charge', orderId: 'o-1', amount: 99 }, signal)
    await assert.rejects(again, { message: /POST \/charges was answered 409: .*charged with 12.5, found 99/ })
  })

  it('gives back what was charged, once, and nothing that was not', async () => {
    assert.deepEqual(await client.refund('o-9:charge', signal), { refunded: false })
    assert.deepEqual(await client.refund('o-1:charge', signal), { refunded: true })
    assert.deepEqual(await client.refund('o-1:charge', signal), { refunded: true })
    const count = await countLedger(ledger)
    assert.deepEqual([count.refunds, count.paid.size], [1, 0])
  })

  it('charges another instrument of the same order, which is no double charge', async () => {
    const before = await countLedger(ledger)
    await client.charge({ key: 'o-2:charge:1', orderId: 'o-2', amount: 1 }, signal)
    await client.charge({ key: 'o-2:charge:2', orderId: 'o-2', amount: 1 }, signal)
    const after = await countLedger(ledger)
    assert.deepEqual([after.charges - before.charges, after.duplicateCharges], [2, before.duplicateCharges])
  })
})

it('a ledger in which one key was charged twice says so, whatever the gateway promised', async () => {
  const own = mkdtempSync(join(tmpdir(), 'perdure-ledger-'))
  const path = join(own, 'ledger.ndjson')
  const file = new LedgerFile(path)
  const line = { request: 'charge', key: 'o-1:charge', orderId: 'o-1', amount: 1, outcome: 'moved' } as const
  file.append(line)
  file.append(line)
  file.close()
  assert.equal((await countLedger(path)).duplicateCharges, 1)
  rmSync(own, { recursive: true })
})
