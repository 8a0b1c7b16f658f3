import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { ActorEvent } from '../../../actors/command.js'
import type { ActorView } from '../../../runtime/api/api.js'
import { engineWorld } from '../../support/engine-world.js'
import { parcel, strict } from '../../support/http-world.js'
import { createRuntime } from '../../support/runtime-here.js'

const P = 'parcel/p-1'

type Engine = Awaited<ReturnType<typeof engineWorld>>['engine']

async function openWorld(limits: Parameters<typeof engineWorld>[1] = {}) {
  const rt = await engineWorld([parcel, strict], limits)
  return { rt, api: rt.engine.api, [Symbol.asyncDispose]: () => rt.stop() }
}

const born = { address: P, input: { to: 'Ann' } }

suite('the API of a running runtime', () => {
  test('shows a state with what a client of the definition needs to make it again', async () => {
    await using world = await openWorld()
    const { snapshot, created } = await world.api.start(born)
    assert.equal(created, true)
    assert.deepEqual(snapshot, await world.api.get({ address: P }))
    assert.equal(snapshot.at, world.rt.clock.now())
    const state = world.rt.engine.shard.host.read(P)!.record.state
    assert.deepEqual(snapshot.state, state)
    assert.equal(await world.api.get({ address: 'parcel/none' }), undefined)
  })

  test('a page of history, and a state of the past, read the entries they need and no more', async t => {
    await using world = await openWorld({ readAheadBytesMax: 2_000, snapshotEvery: 1_000 })
    const { api, rt } = world
    await api.start(born)
    for (let grams = 1; grams < 40; grams++)
      await api.ask({ address: P, event: { type: 'WEIGH', grams, note: 'x'.repeat(1_000) } })
    const { journal } = rt.engine.shard
    const read = t.mock.method(journal, 'entries')
    const given = () => {
      const pages = read.mock.calls.map(call => call.result?.length ?? 0)
      read.mock.resetCalls()
      return pages
    }
    assert.equal((await api.history({ address: P, limit: 1 })).length, 1)
    assert.deepEqual(given(), [1])
    assert.equal((await api.get({ address: P, atSeq: 5 }))?.seq, 5)
    const pages = given()
    assert.equal(
      pages.reduce((sum, count) => sum + count, 0),
      5,
    )
    assert.ok(Math.max(...pages) <= 3, `pages of ${pages}`)
    assert.equal((await api.history({ address: P })).length, 40, 'short pages are not the end')
    assert.equal((await api.published({ address: P })).next, undefined)
  })

  test("'until' is a path, a tag, or the end, however it came", async () => {
    await using world = await openWorld()
    const { api } = world
    const weigh = { address: P, event: { type: 'WEIGH', grams: 1 } }
    await api.start(born)
    for (const until of ['open', 'open.waiting', '#waiting'])
      assert.equal((await api.ask({ ...weigh, until })).snapshot.status, 'active')
    const ended = api.ask({ ...weigh, until: 'done', id: 'u' })
    await world.rt.actor(parcel, 'p-1').waitFor(s => s.context.grams.length === 4)
    await api.terminate({ address: P, reason: 'lost' })
    assert.equal((await ended).snapshot.status, 'stopped')
    for (const until of ['', '#'])
      await assert.rejects(api.ask({ ...weigh, until }), { code: 'InvalidEvent' })
  })

  test('a wait ends with its signal, and the command stays applied', async () => {
    await using world = await openWorld()
    await world.api.start(born)
    const controller = new AbortController()
    const asked = world.api.ask({
      address: P,
      event: { type: 'WEIGH', grams: 1 },
      until: 'arrived',
      signal: controller.signal,
    })
    const gone = assert.rejects(asked, { name: 'AbortError' })
    await world.rt.actor(parcel, 'p-1').waitFor(s => s.context.grams.length === 1)
    controller.abort()
    await gone
    assert.equal((await world.api.get({ address: P }))!.seq, 2)
  })

  test('hands on the trace context of a command, where traces are kept', async () => {
    const path = await mkdtemp(join(tmpdir(), 'perdure-api-'))
    const runtime = await createRuntime({ actors: [parcel], path, tracing: true })
    try {
      const { api } = runtime as unknown as Engine
      const traceId = '0af7651916cd43dd8448eb211c80319c'
      const trace = `00-${traceId}-b7ad6b7169203331-01`
      await api.start({ ...born, trace })
      await api.tell({ address: P, event: { type: 'WEIGH', grams: 1 }, trace })
      const entries = await api.history({ address: P })
      assert.deepEqual(
        entries.slice(0, 2).map(one => one.command.trace?.includes(traceId)),
        [true, true],
      )
    } finally {
      await runtime.stop()
      await rm(path, { recursive: true, force: true })
    }
  })

  test('keeps an event for as long as it is told to', async () => {
    await using world = await openWorld()
    await world.api.start(born)
    await world.api.tell({ address: P, event: { type: 'WEIGH', grams: 9 }, delayMs: 1_000 })
    const grams = async () => ((await world.api.get({ address: P }))!.context as { grams: unknown }).grams
    assert.deepEqual(await grams(), [])
    await world.rt.advance(1_000)
    assert.deepEqual(await grams(), [9])
  })

  test('large entries make short pages, and none is missed', async () => {
    await using world = await openWorld({ pageBytesMax: 5_000, readAheadEntriesMax: 8 })
    const to = 'x'.repeat(2_000)
    for (let n = 0; n < 6; n++)
      await world.api.tell({ address: 'strict/s', event: { type: 'ADD', n: 1, text: to } })
    const pages: number[][] = []
    for (;;) {
      const page = await world.api.history({ address: 'strict/s', after: pages.at(-1)?.at(-1) ?? 0 })
      if (page.length === 0) break
      pages.push(page.map(one => one.seq))
    }
    assert.deepEqual(pages.flat(), [1, 2, 3, 4, 5, 6, 7])
    assert.ok(pages.length >= 2, JSON.stringify(pages))
  })

  test('events are told from the call on; a reader too far behind is told that some are gone', async () => {
    await using world = await openWorld({ eventsWaitingMax: 3 })
    const { api } = world
    await api.start(born)
    const quick = api.events({ address: P })
    const slow = api.events({ address: P })
    const weigh = (grams: number) => api.tell({ address: P, event: { type: 'WEIGH', grams } })
    const read = async (events: AsyncIterable<ActorEvent>, count: number) => {
      const seen: unknown[] = []
      for await (const event of events) if (seen.push(event.grams) === count) break
      return seen
    }
    await weigh(1)
    assert.deepEqual(await read(quick, 1), [1])
    for (const grams of [2, 3, 4]) await weigh(grams)
    await assert.rejects(read(slow, 4), { code: 'Overloaded' })
    const controller = new AbortController()
    const cut = api.events({ address: P, signal: controller.signal })
    controller.abort()
    assert.deepEqual(await read(cut, 1), [])
  })

  test('changes are told to many readers of one actor', async () => {
    await using world = await openWorld()
    await world.api.start(born)
    const read = async (changes: AsyncIterable<ActorView>) => {
      const seqs: number[] = []
      for await (const { seq } of changes) if (seqs.push(seq) === 20) break
      return seqs
    }
    const readers = Array.from({ length: 10 }, () => read(world.api.changes({ address: P, after: 1 })))
    await Promise.all(
      Array.from({ length: 25 }, (_, grams) =>
        world.api.tell({ address: P, event: { type: 'WEIGH', grams } }),
      ),
    )
    const expected = Array.from({ length: 20 }, (_, n) => n + 2)
    for (const seqs of await Promise.all(readers)) assert.deepEqual(seqs, expected)
  })

  test('types that are not here, and children asked for what only roots have, are refused', async () => {
    await using world = await openWorld()
    const { api } = world
    await api.start(born)
    const child = `${P}/item%2E1`
    const nowhere = 'nothing/x'
    const refused = [
      () => api.start({ address: nowhere, input: {} }),
      () => api.tell({ address: nowhere, event: { type: 'A' } }),
      () => api.get({ address: nowhere }),
      () => api.history({ address: nowhere }),
      () => api.select({ address: nowhere, selector: 'x' }),
      () => api.terminate({ address: nowhere, reason: 'x' }),
      async () => api.changes({ address: nowhere }),
      async () => api.events({ address: nowhere }),
    ]
    for (const call of refused) await assert.rejects(call, { code: 'NotFound', name: 'UnknownTypeError' })
    const ofRoots = [
      () => api.start({ address: child, input: {} }),
      () => api.tell({ address: child, event: { type: 'PICK' }, start: { input: {} } }),
      () => api.select({ address: child, selector: 'by' }),
    ]
    for (const call of ofRoots) await assert.rejects(call, { code: 'InvalidEvent', actorId: child })
    assert.equal((await api.ask({ address: child, event: { type: 'PICK' } })).handled, true)
  })

  test('copies the journal while work goes on, and another runtime starts on the copy', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'perdure-api-'))
    try {
      await using world = await openWorld()
      await world.api.start(born)
      await world.api.tell({ address: P, event: { type: 'WEIGH', grams: 3 } })
      const to = join(directory, 'copy')
      const { position, bytes, to: written } = await world.api.backup({ to })
      assert.deepEqual([position, written], [(await world.api.describe()).position, to])
      assert.ok(bytes > 0)
      const copy = await createRuntime({ actors: [parcel, strict], path: to })
      try {
        assert.deepEqual((await copy.actor(parcel, 'p-1').getSnapshot())?.context.grams, [3])
      } finally {
        await copy.stop()
      }
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  test('says where it runs', async () => {
    const path = await mkdtemp(join(tmpdir(), 'perdure-api-'))
    const runtime = await createRuntime({ actors: [strict], path })
    try {
      const { api } = runtime as unknown as Engine
      const described = await api.describe()
      assert.deepEqual([described.path, described.pid, described.mode], [path, process.pid, 'live'])
      assert.ok(described.startedAt! <= Date.now())
    } finally {
      await runtime.stop()
      await rm(path, { recursive: true, force: true })
    }
  })
})
