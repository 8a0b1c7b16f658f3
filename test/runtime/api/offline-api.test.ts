/**
 * A journal at rest answers what the runtime answered while it ran, with the definitions at hand or without.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import Database from 'better-sqlite3'
import { PerdureError } from '../../../actors/errors.js'
import { limits } from '../../../actors/limits.js'
import { openJournal } from '../../../journal/index.js'
import { defineActor } from '../../../machines/index.js'
import type { ActorView, Api } from '../../../runtime/api/api.js'
import { OfflineApi } from '../../../runtime/api/offline-api.js'
import { ControlApi } from '../../../runtime/control/control-api.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { cart, order } from '../../scenarios/cli/shop.js'
import { createRuntime } from '../../support/runtime-here.js'

const path = mkdtempSync(join(tmpdir(), 'perdure-offline-'))
const clock = new SystemClock()
const addresses = ['order/o-1', 'order/o-1/parcel', 'order/o-2', 'order/o-3', 'cart/c-1', 'order/none']

/** What the reading verbs say, bytes of states aside. */
async function answers(api: Api) {
  const { mode: _, pid: __, startedAt: ___, types: ____, ...description } = await api.describe()
  const { live: _____, bytes: ______, ...stats } = await api.stats()
  const histories = await Promise.all(addresses.map(address => api.history({ address })))
  return {
    description,
    stats: { ...stats, actors: byName(stats.actors) },
    states: (await Promise.all(addresses.map(address => api.get({ address })))).map(shown),
    histories,
    page: await api.history({ address: 'order/o-1', after: 1, limit: 1 }),
    list: await api.list({}),
    second: await api.list({ after: 'order/o-1', limit: 1 }),
    waiting: await api.list({
      type: 'order',
      state: 'approval',
      tag: 'waiting',
      status: 'active',
      version: '1',
    }),
    idle: await api.count({ idleMs: 3_600_000 }),
    count: await api.count({ type: 'order' }),
    all: await api.count({}),
    ended: await api.count({ status: 'stopped', version: '1' }),
    tagged: await api.count({ type: 'order', tag: 'waiting' }),
    packing: await api.list({ state: 'packing' }),
    letters: await api.deadLetters({}),
    letter: await api.deadLetter({ id: (await api.deadLetters({ limit: 1 }))[0]?.id ?? '' }),
    none: (await api.deadLetter({ id: 'none' })) ?? 'none',
  }
}

function byName<One extends object>(many: readonly One[]): One[] {
  return [...many].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

function shown(view: ActorView | undefined): object | undefined {
  if (view === undefined) return undefined
  const { state: _, ...rest } = view
  return rest
}

let live: Awaited<ReturnType<typeof answers>>
const past: (object | undefined)[] = []
const journal = () => openJournal({ path, readOnly: true })
let opened: ReturnType<typeof journal>

function offline(bindings?: Bindings): OfflineApi {
  return new OfflineApi({ journal: opened, path, clock, limits, perdure: live.description.perdure, bindings })
}

before(async () => {
  const runtime = await createRuntime({ actors: [order, cart], path })
  const api = new ControlApi({ path, clock, limits })
  const [one, two, three] = ['o-1', 'o-2', 'o-3'].map(key => runtime.actor(order, key))
  await one!.start({ customer: 'ann', amount: 12 })
  await one!.ask({ type: 'APPROVE', by: 'ann' }, { until: snapshot => snapshot.value === 'packing' })
  await two!.start({ customer: 'bob', amount: 3 })
  await assert.rejects(two!.send({ type: 'BREAK' }))
  await three!.start({ customer: 'cid', amount: 4 })
  await three!.terminate('no more')
  await runtime.actor(cart, 'c-1').send({ type: 'add', item: 'tea' })
  live = await answers(api)
  for (let seq = 1; seq <= 3; seq++) past.push(shown(await api.get({ address: 'order/o-1', atSeq: seq })))
  api.close()
  await runtime.stop()
  opened = journal()
})
after(() => {
  opened.close()
  rmSync(path, { recursive: true })
})

describe('a journal at rest', () => {
  it('answers as the runtime did, without definitions', async () => {
    assert.deepEqual(await answers(offline()), live)
  })

  it('answers as the runtime did, with definitions', async () => {
    assert.deepEqual(await answers(offline(new Bindings([order, cart]))), live)
  })

  it('folds states of the past with definitions', async () => {
    const api = offline(new Bindings([order, cart]))
    const found: (object | undefined)[] = []
    for (let seq = 1; seq <= 3; seq++) found.push(shown(await api.get({ address: 'order/o-1', atSeq: seq })))
    assert.deepEqual(found, past)
    assert.ok(new Set(past.map(view => JSON.stringify(view))).size >= 3, 'the past differs from the present')
  })

  it('says that states of the past take definitions', async () => {
    await assert.rejects(offline().get({ address: 'order/o-1', atSeq: 2 }), {
      code: 'Unavailable',
      retryable: false,
      message: /entry 2 .*--actors/,
    })
  })

  it('says that an entry is not there yet, and what the last is, with definitions and without', async () => {
    for (const api of [offline(), offline(new Bindings([order, cart]))])
      await assert.rejects(api.get({ address: 'order/o-1', atSeq: 4 }), {
        code: 'NotFound',
        details: { atSeq: 4, lastSeq: 3 },
      })
  })

  it('says that nobody has heard of a type, unless there are actors of it', async () => {
    await assert.rejects(offline().list({ type: 'nope' }), {
      code: 'NotFound',
      message: "the journal has no actor of type 'nope': it has 'cart', 'order'",
    })
    const orders = offline(new Bindings([order]))
    await assert.rejects(orders.count({ type: 'nope' }), { code: 'NotFound', message: /'order', 'cart'$/ })
    assert.equal(await orders.count({ type: 'cart' }), 1)
  })

  it('says what its types are as far as it knows', async () => {
    const { mode, types } = await offline(new Bindings([order])).describe()
    assert.equal(mode, 'offline')
    assert.deepEqual(
      types.map(({ type, version, selectors }) => [type, version, selectors]),
      [
        ['order', '1', ['amount']],
        ['cart', undefined, []],
      ],
    )
  })

  it('refuses what would change something, and says how to start a runtime', async () => {
    const api = offline()
    const refused = [
      () => api.start(),
      () => api.tell(),
      () => api.ask(),
      () => api.terminate(),
      () => api.select(),
      () => api.changes().next(),
      () => api.events().next(),
      () => api.retryDeadLetter(),
      () => api.dropDeadLetter(),
    ]
    for (const call of refused)
      await assert.rejects(call, (error: unknown) => {
        assert.ok(error instanceof PerdureError)
        assert.deepEqual([error.code, error.retryable], ['Unavailable', false])
        assert.match(error.message, new RegExp(`${path}.*perdure start`))
        return true
      })
  })
})

describe('an actor at rest whose record is damaged', () => {
  const tally = defineActor({
    type: 'tally',
    version: '1',
    snapshotEvery: 2,
    create: () => undefined,
    store: { context: { n: 0 }, on: { inc: (context: { n: number }) => ({ n: context.n + 1 }) } },
  })
  const directory = mkdtempSync(join(tmpdir(), 'perdure-damaged-'))
  const asked = { path: directory, clock, limits, perdure: '0' }
  after(() => rmSync(directory, { recursive: true }))

  before(async () => {
    const runtime = await createRuntime({ actors: [tally], path: directory })
    for (let sent = 0; sent < 4; sent++) await runtime.actor(tally, 't').send({ type: 'inc' })
    await runtime.stop()
    const db = new Database(join(directory, 'journal.db'))
    db.exec('UPDATE actor SET record = zeroblob(length(record))')
    db.close()
  })

  it('is folded again with its definition, and not guessed without', async t => {
    const damaged = openJournal({ path: directory, readOnly: true })
    t.after(() => damaged.close())
    const whole = await new OfflineApi({ ...asked, journal: damaged, bindings: new Bindings([tally]) }).get({
      address: 'tally/t',
    })
    assert.deepEqual([whole?.seq, whole?.context], [5, { n: 4 }])
    const bare = new OfflineApi({ ...asked, journal: damaged, bindings: undefined })
    await assert.rejects(bare.get({ address: 'tally/t' }), {
      code: 'Unavailable',
      message: /damaged.*--actors/,
    })
    const kept = await bare.get({ address: 'tally/t', atSeq: 4 })
    assert.deepEqual([kept?.seq, kept?.context], [4, { n: 3 }], 'a persisted snapshot is shown as it is')
  })
})
