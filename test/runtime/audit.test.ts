import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { addressOf } from '../../actors/address.js'
import { limits } from '../../actors/limits.js'
import { openJournal, type SqliteJournal } from '../../journal/index.js'
import type { OrderEntry, OrderEvent } from '../../machines/lifecycles/order-events.js'
import { auditTrail } from '../../runtime/audit.js'
import { createRuntime } from '../../runtime/index.js'
import { Bindings } from '../../runtime/step/bindings.js'
import {
  approved,
  cancel,
  delivered,
  handedOver,
  noon,
  purchased,
} from '../machines/lifecycles/order-life.js'
import { PipelineWorld } from '../machines/lifecycles/pipeline-world.js'

const lives: Readonly<Record<string, readonly OrderEvent[]>> = {
  delivered: [purchased(), approved, handedOver, delivered],
  cancelled: [purchased(), approved, cancel],
  waiting: [handedOver, purchased()],
}

const types: readonly OrderEntry['type'][] = [
  ...(['RAW', 'ENRICHED', 'DECIDED', 'CHARGED', 'NOTIFIED', 'BOOKED', 'IN_TRANSIT', 'DELIVERED'] as const),
  ...(['SETTLED', 'FACT_EARLY', 'CANCEL_ACCEPTED', 'UNDONE', 'CANCELLED'] as const),
]

describe('an audit trail', () => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-audit-trail-'))
  const world = new PipelineWorld()
  const live = new Map<string, unknown[]>()
  let journal: SqliteJournal

  before(async () => {
    const runtime = await createRuntime({ actors: [world.definition], path })
    world.answerAll()
    for (const [key, events] of Object.entries(lives)) {
      const order = runtime.actor(world.definition, key)
      const heard: unknown[] = []
      live.set(key, heard)
      for (const type of types) order.on(type, entry => heard.push(entry))
      for (const event of events) {
        await order.send(event)
        await order.waitFor(({ tags, status }) => status === 'done' || tags.has('waiting'))
      }
    }
    await runtime.stop()
    journal = openJournal({ path, readOnly: true })
  })
  after(() => {
    journal.close()
    rmSync(path, { recursive: true })
  })

  const trailOf = (key: string, definition = world.definition) => [
    ...auditTrail(addressOf('order', key), journal, new Bindings([definition]), limits),
  ]

  it('holds what was published, in order and complete: as it was heard live, and as it was committed', () => {
    for (const key of Object.keys(lives)) {
      const trail = trailOf(key)
      assert.ok(trail.length >= 3)
      assert.deepEqual(
        trail.map(({ event }) => event),
        live.get(key),
      )
      const committed = [...journal.commits(0)].flatMap(commit => commit.published)
      assert.deepEqual(
        trail,
        committed.filter(({ address }) => address === `order/${key}`),
      )
    }
  })

  it('of an order says who did what on what ground, and when in the life of the order', () => {
    const events = trailOf('delivered').map(({ event }) => event as unknown as OrderEntry)
    assert.deepEqual(
      events.map(({ type, agent }) => `${type} ${agent}`),
      [
        'RAW shop',
        'ENRICHED risk-profile',
        'DECIDED fraud',
        'CHARGED payment',
        'NOTIFIED mail',
        'BOOKED carrier',
        'IN_TRANSIT carrier',
        'DELIVERED carrier',
        'SETTLED shop',
      ],
    )
    assert.deepEqual(events.at(-1), {
      type: 'SETTLED',
      orderId: 'delivered',
      agent: 'shop',
      payload: { outcome: 'delivered', charged: 100, refunded: 0, kept: 100 },
      timestamp: delivered.at,
    })
    assert.equal(events[0]?.timestamp, noon)
  })

  it('of nobody is empty', () => {
    assert.deepEqual(trailOf('unheard-of'), [])
  })

  it('is refused by code that is not the code it was made with', () => {
    const { definition } = new PipelineWorld('2')
    assert.throws(() => trailOf('delivered', definition), /pinned to order@1/)
  })
})
