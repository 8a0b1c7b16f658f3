import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createService } from './fastify.js'

interface Reply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The service on a free port, with a data directory of its own; both are gone afterwards. */
async function withService(use: (url: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'perdure-fastify-'))
  const app = await createService(path)
  try {
    await use(await app.listen({ port: 0, host: '127.0.0.1' }))
  } finally {
    await app.close()
    await rm(path, { recursive: true, force: true })
  }
}

async function post(url: string, body: object, key?: string): Promise<Reply> {
  const headers = {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  }
  return read(await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function read(response: Response): Promise<Reply> {
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

test('an order is started once, approved once, and found again', async () => {
  await withService(async url => {
    // Each order of a customer adds to the risk: the eighth has to be approved.
    for (let n = 1; n <= 8; n += 1) {
      const { status } = await post(`${url}/orders/o-${n}`, { customer: 'c', amount: 10 }, `start-${n}`)
      assert.equal(status, 201)
    }
    const again = await post(`${url}/orders/o-8`, { customer: 'c', amount: 10 }, 'another-start')
    assert.equal(again.status, 200)
    const conflict = await post(`${url}/orders/o-8`, { customer: 'c', amount: 11 }, 'start-8')
    assert.equal(conflict.status, 409)

    const waiting = await until(url, 'o-8', 'approval')
    assert.equal(waiting.status, 200)
    const approved = await post(`${url}/orders/o-8/approve`, { by: 'ann' }, 'approve-8')
    assert.deepEqual(approved, {
      status: 200,
      body: { state: 'shipped', receiptId: 'receipt-o-8:charge', duplicate: false },
    })
    const twice = await post(`${url}/orders/o-8/approve`, { by: 'ann' }, 'approve-8')
    assert.deepEqual([twice.status, twice.body.duplicate], [200, true])
    const notWaiting = await post(`${url}/orders/o-8/approve`, { by: 'bob' }, 'approve-8b')
    assert.equal(notWaiting.status, 409)
  })
})

test('what is not there is 404', async () => {
  await withService(async url => {
    assert.equal((await read(await fetch(`${url}/orders/none`))).status, 404)
    assert.equal((await post(`${url}/orders/none/approve`, { by: 'ann' })).status, 404)
  })
})

/** Asks until the order is in that state. */
async function until(url: string, order: string, state: string): Promise<Reply> {
  for (let asked = 0; asked < 1_000; asked += 1) {
    const reply = await read(await fetch(`${url}/orders/${order}`))
    if (reply.body.value === state) return reply
  }
  throw new Error(`${order} is still not in '${state}' after 1,000 questions`)
}
