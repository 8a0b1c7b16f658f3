import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { limits, limitsWith } from '../../../actors/limits.js'
import { openJournal, type SqliteJournal } from '../../../journal/index.js'
import { defineActor } from '../../../machines/index.js'
import type { OrderEntry, OrderEvent } from '../../../machines/lifecycles/order-events.js'
import type { Api, PublishedView } from '../../../runtime/api/api.js'
import { OfflineApi } from '../../../runtime/api/offline-api.js'
import { ControlApi } from '../../../runtime/control/control-api.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import {
  approved,
  cancel,
  delivered,
  handedOver,
  noon,
  purchased,
} from '../../machines/lifecycles/order-life.js'
import { PipelineWorld } from '../../machines/lifecycles/pipeline-world.js'
import { counterMachine } from '../../support/engine-counter.js'
import { engineWorld } from '../../support/engine-world.js'
import { createRuntime } from '../../support/runtime-here.js'

const lives: Readonly<Record<string, readonly OrderEvent[]>> = {
  delivered: [purchased(), approved, handedOver, delivered],
  cancelled: [purchased(), approved, cancel],
  waiting: [handedOver, purchased()],
}

const types: readonly OrderEntry['type'][] = [
  ...(['RAW', 'ENRICHED', 'DECIDED', 'CHARGED', 'NOTIFIED', 'BOOKED', 'IN_TRANSIT', 'DELIVERED'] as const),
  ...(['SETTLED', 'FACT_EARLY', 'CANCEL_ACCEPTED', 'UNDONE', 'CANCELLED'] as const),
]

/** All pages, each of which must end. */
async function trailOf(api: Api, address: string, limit?: number): Promise<PublishedView[]> {
  const found: PublishedView[] = []
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await api.published({ address, after, ...(limit === undefined ? {} : { limit }) })
    found.push(...page.events)
    assert.ok(page.next === undefined || page.next > after, 'every page goes on')
    after = page.next
  }
  return found
}

describe('what an order published', () => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-published-'))
  const world = new PipelineWorld()
  const clock = new SystemClock()
  const heard = new Map<string, unknown[]>()
  const live = new Map<string, PublishedView[]>()
  let journal: SqliteJournal

  const offline = (...definitions: PipelineWorld['definition'][]) => {
    const bindings = definitions.length === 0 ? undefined : new Bindings(definitions)
    return new OfflineApi({ journal, path, clock, limits, perdure: '0', bindings })
  }

  before(async () => {
    const runtime = await createRuntime({ actors: [world.definition], path })
    world.answerAll()
    for (const [key, events] of Object.entries(lives)) {
      const order = runtime.actor(world.definition, key)
      const said: unknown[] = []
      heard.set(key, said)
      for (const type of types) order.on(type, entry => said.push(entry))
      for (const event of events) {
        await order.send(event)
        await order.waitFor(({ tags, status }) => status === 'done' || tags.has('waiting'))
      }
    }
    const api = new ControlApi({ path, clock, limits })
    for (const key of Object.keys(lives)) live.set(key, await trailOf(api, `order/${key}`))
    await assert.rejects(api.published({ address: 'nothing/x' }), { code: 'NotFound' })
    api.close()
    await runtime.stop()
    journal = openJournal({ path, readOnly: true })
  })
  after(() => {
    journal.close()
    rmSync(path, { recursive: true })
  })

  it('is in order and complete: as it was heard, as it was committed, over the socket and at rest', async () => {
    const committed = [...journal.commits(0)].flatMap(commit => commit.published)
    for (const key of Object.keys(lives)) {
      const trail = live.get(key)!
      assert.ok(trail.length >= 3)
      assert.deepEqual(
        trail.map(({ event }) => event),
        heard.get(key),
      )
      const own = committed.filter(({ address }) => address === `order/${key}`)
      assert.deepEqual(
        trail,
        own.map(({ seq, at, event }) => ({ seq, at, event })),
      )
      assert.deepEqual(await trailOf(offline(world.definition), `order/${key}`), trail)
    }
  })

  it('says who did what on what ground, and when in the life of the order', () => {
    const events = live.get('delivered')!.map(({ event }) => event as unknown as OrderEntry)
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

  it('comes in pages of which none parts what one entry published', async () => {
    for (const limit of [1, 2, 3]) {
      const api = offline(world.definition)
      assert.deepEqual(await trailOf(api, 'order/delivered', limit), live.get('delivered'))
      const { events, next } = await api.published({ address: 'order/delivered', limit })
      assert.ok(events.length >= limit && next === events.at(-1)?.seq)
      assert.deepEqual(events, live.get('delivered')!.slice(0, events.length))
    }
  })

  it('is nothing of an order that was never born', async () => {
    assert.deepEqual(await trailOf(offline(world.definition), 'order/unheard-of'), [])
  })

  it('takes the code it was published by: none, or other code, is refused', async () => {
    const address = 'order/delivered'
    const refused = { code: 'Unavailable', retryable: false, actorId: address }
    await assert.rejects(offline().published({ address }), { ...refused, message: /--actors/ })
    const { definition } = new PipelineWorld('2')
    await assert.rejects(offline(definition).published({ address }), {
      ...refused,
      message: /pinned to order@1/,
    })
  })
})

describe('a long trail', () => {
  const counter = defineActor({
    machine: counterMachine,
    version: '1',
    create: () => ({ from: 0 }),
    snapshotEvery: 10,
  })

  it('is read a bounded number of entries at a time, over a crash, and from the oldest state that is kept', async () => {
    const bounds = limitsWith({ pageRowsMax: 16, readAheadEntriesMax: 4 })
    await using rt = await engineWorld([counter], bounds)
    const { api } = rt.engine
    const c = rt.actor(counter, 'c')
    for (let n = 1; n <= 30; n++) await c.send({ type: 'ADD', n })
    for (let n = 0; n < 40; n++) await c.send({ type: 'NOTE', text: 'says nothing' })
    const all = Array.from({ length: 30 }, (_, n) => n + 1)
    const numbers = async () => (await trailOf(api, 'counter/c')).map(({ event }) => event.n)
    assert.deepEqual(await numbers(), all)
    await rt.crash()
    assert.deepEqual(await numbers(), all)
    const silent = await api.published({ address: 'counter/c', after: 40 })
    assert.deepEqual(silent, { events: [], next: 56 })
    for (let n = 31; n <= 39; n++) await c.send({ type: 'ADD', n })
    // Of 80 entries the states after 70 and 80 are kept; the first of these is made of entries that are gone.
    assert.equal(rt.engine.shard.journal.prune('counter/c', 20), 20)
    assert.deepEqual(await numbers(), [31, 32, 33, 34, 35, 36, 37, 38, 39])
  })

  it('lets others have their turn', async () => {
    await using rt = await engineWorld([counter], { readAheadEntriesMax: 4 })
    const c = rt.actor(counter, 'c')
    for (let n = 1; n <= 40; n++) await c.send({ type: 'ADD', n })
    let isRead = false
    const reading = rt.engine.api.published({ address: 'counter/c' }).then(page => {
      isRead = true
      return page
    })
    await c.send({ type: 'ADD', n: 41 })
    assert.equal(isRead, false)
    assert.ok((await reading).events.length >= 40)
  })
})
