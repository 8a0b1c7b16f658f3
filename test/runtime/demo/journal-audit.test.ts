import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openJournal, type SqliteJournal } from '../../../journal/index.js'
import type { OrderServices } from '../../../machines/lifecycles/order-activities.js'
import { orderV1, riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import { createEventTimeRuntime } from '../../../runtime/compose.js'
import { auditJournal } from '../../../runtime/demo/journal-audit.js'
import { GeneratedSource } from '../../../runtime/demo/order-source.js'

const services: OrderServices = {
  charge: async ({ key }) => ({ receiptId: `receipt of ${key}` }),
  refund: async () => ({ refunded: true }),
  notify: async ({ key }) => ({ messageId: `message of ${key}` }),
  askReviewer: async ({ key }) => ({ messageId: `message of ${key}` }),
  book: async ({ key }) => ({ bookingId: `booking of ${key}` }),
  cancelBooking: async () => ({ cancelled: true }),
}

/** Runs 60 orders of a seed and leaves their journal. */
async function run(path: string, seed: number): Promise<GeneratedSource> {
  const orders = orderV1(services)
  const runtime = await createEventTimeRuntime({ actors: [orders, riskProfileActor], path })
  const source = new GeneratedSource(60, seed)
  const applied: Promise<unknown>[] = []
  for await (const { id, orderId, event } of source.commands())
    applied.push(runtime.submit(orders.type, orderId, event, { id, at: event.at }))
  await Promise.all(applied)
  await runtime.finish()
  await runtime.stop()
  return source
}

describe('an audit of a journal', () => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-audit-'))
  const [first, second, other] = ['first', 'second', 'other'].map(name => join(directory, name)) as [
    string,
    string,
    string,
  ]
  let source: GeneratedSource
  let journal: SqliteJournal

  before(async () => {
    source = await run(first, 1)
    await run(second, 1)
    await run(other, 2)
    journal = openJournal({ path: first, readOnly: true })
  })
  after(() => {
    journal.close()
    rmSync(directory, { recursive: true })
  })

  it('finds every acknowledged command once, and every order', () => {
    const { lost, surplus, states } = auditJournal(journal, source.counts)
    assert.deepEqual([lost, surplus, states.size], [0, 0, 60])
  })

  it('finds out when one is missing, and when there is one that nobody sent', () => {
    const [orderId, count] = [...source.counts][0]!
    const more = new Map([...source.counts, [orderId, count + 1]])
    assert.equal(auditJournal(journal, more).lost, 1)
    const fewer = new Map([...source.counts, [orderId, count - 1]])
    assert.equal(auditJournal(journal, fewer).surplus, 1)
    const unknown = new Map([...source.counts, ['nobody', 2]])
    assert.equal(auditJournal(journal, unknown).lost, 2)
  })

  it('gives the same digest for the same orders, and another for others', () => {
    const digestOf = (path: string) => {
      const opened = openJournal({ path, readOnly: true })
      try {
        return auditJournal(opened, source.counts).digest
      } finally {
        opened.close()
      }
    }
    assert.equal(digestOf(first), digestOf(second))
    assert.notEqual(digestOf(first), digestOf(other))
  })
})
