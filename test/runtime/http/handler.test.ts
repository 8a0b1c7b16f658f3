import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { behaviour } from '../../../actors/definition.js'
import { codeOf, HttpWorld, parcel, strict } from '../../support/http-world.js'

const P = '/actors/parcel/p-1'

suite('the HTTP door', () => {
  test('starts an actor once, asks it, tells it, shows it, ends it', async () => {
    await using world = await HttpWorld.open()
    const born = await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
    assert.equal(born.status, 201)
    assert.equal(born.body.ok, true)
    assert.equal(born.body.created, true)
    const again = await world.ask(`${P}/start`, { body: { input: { to: 'Bob' } } })
    assert.deepEqual([again.status, again.body.created], [200, false])

    const asked = await world.ask(`${P}/ask`, { body: { type: 'WEIGH', grams: 5 } })
    const { id, value, tags, context, status, seq, state } = asked.body.snapshot as Record<string, unknown>
    assert.deepEqual(
      [id, value, tags, status, seq, state],
      ['parcel/p-1', { open: 'waiting' }, ['waiting'], 'active', 2, undefined],
    )
    assert.deepEqual(context, {
      to: 'Ann',
      rich: {
        at: { $date: '1970-01-01T00:00:00.000Z' },
        many: { $map: [['a', { $bigint: '1' }]] },
        bytes: { $bytes: 'AQI=' },
      },
      grams: [5],
    })
    const told = await world.ask(`${P}/tell`, { body: { event: { type: 'WEIGH', grams: 6 } } })
    assert.deepEqual([told.status, told.body.duplicate, 'snapshot' in told.body], [200, false, false])
    const then = await world.ask(`${P}?atSeq=2`)
    assert.deepEqual((then.body.actor as { context: { grams: unknown } }).context.grams, [5])
    const ended = await world.ask(`${P}/terminate`, { body: { reason: 'lost' } })
    assert.equal(ended.status, 200)
    const now = await world.ask(P)
    assert.equal((now.body.actor as { status: unknown }).status, 'stopped')
  })

  test('an ask waits until a state fits, judged from the command on', async () => {
    await using world = await HttpWorld.open()
    await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
    const approve = { body: { type: 'APPROVE', by: 'eve' }, headers: { 'idempotency-key': 'a-1' } }
    const sent = await world.ask(`${P}/ask?until=sent`, approve)
    assert.equal((sent.body.snapshot as { value: unknown }).value, 'sent')
    const waiting = world.ask(`${P}/ask?until=%23settled`, { body: { type: 'WEIGH', grams: 1 } })
    await world.rt.actor(parcel, 'p-1').waitFor(s => s.context.grams.includes(1))
    await world.rt.advance(1_000)
    assert.equal(((await waiting).body.snapshot as { value: unknown }).value, 'arrived')
    // Long after: the history says when it first was so.
    const later = await world.ask(`${P}/ask?until=sent`, approve)
    assert.deepEqual(
      [later.body.duplicate, (later.body.snapshot as { seq: unknown }).seq],
      [true, (sent.body.snapshot as { seq: unknown }).seq],
    )
  })

  test('the same id is answered again and applied once; another payload conflicts', async () => {
    await using world = await HttpWorld.open()
    const add = (n: number, id: string) =>
      world.ask('/actors/strict/s/ask', { body: { type: 'ADD', n }, headers: { 'idempotency-key': id } })
    const first = await add(1, 'k')
    const second = await add(1, 'k')
    assert.deepEqual([first.body.duplicate, second.body.duplicate], [false, true])
    assert.deepEqual(second.body.snapshot, first.body.snapshot)
    const third = await add(2, 'k')
    assert.deepEqual([third.status, codeOf(third)], [409, 'IdConflict'])
    const odd = await world.ask('/actors/strict/s/ask?commandId=%C3%A4', { body: { type: 'ADD', n: 1 } })
    assert.equal(odd.body.id, 'ä')
  })

  test('gives birth on the way', async () => {
    await using world = await HttpWorld.open()
    const body = { event: { type: 'WEIGH', grams: 7 }, start: { input: { to: 'Cy' } } }
    const { body: asked } = await world.ask(`${P}/ask`, { body })
    assert.equal((asked.snapshot as { context: { to: unknown } }).context.to, 'Cy')
  })

  test('lists and counts by what is asked, page by page, children left out', async () => {
    await using world = await HttpWorld.open({ pageRowsMax: 4 })
    for (const key of ['a', 'b', 'c', 'd', 'e'])
      await world.ask(`/actors/parcel/${key}/start`, { body: { input: { to: key } } })
    await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', n: 1 } })
    await world.ask('/actors/parcel/e/terminate', { body: { reason: 'x' } })
    const ids = async (query: string) =>
      ((await world.ask(`/actors?${query}`)).body.actors as { id: string }[]).map(one => one.id)
    assert.deepEqual(await ids('type=parcel&limit=3'), ['parcel/a', 'parcel/b', 'parcel/c'])
    assert.deepEqual(await ids('type=parcel&limit=3&after=parcel/c'), ['parcel/d', 'parcel/e'])
    assert.deepEqual(await ids('status=stopped'), ['parcel/e'])
    assert.deepEqual(await ids('state=open.waiting&status=active&tag=waiting&limit=1'), ['parcel/a'])
    assert.deepEqual(await ids('version=1'), ['strict/s'])
    assert.equal((await world.ask('/actors/count')).body.count, 6)
    assert.equal((await world.ask('/actors/count?type=parcel&status=active')).body.count, 4)
    await world.rt.advance(5_000)
    assert.equal((await world.ask('/actors/count?idleMs=5000')).body.count, 6)
    assert.equal((await world.ask('/actors/count?idleMs=5001')).body.count, 0)
  })

  test('children answer under their roots', async () => {
    await using world = await HttpWorld.open()
    await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
    await world.ask(`${P}/tell`, { body: { type: 'PICK' } })
    const child = encodeURIComponent('item%2E1')
    const seen = await world.ask(`${P}?child=${child}`)
    assert.deepEqual((seen.body.actor as { context: unknown }).context, { picked: 1 })
    const asked = await world.ask(`${P}/ask?child=${child}`, { body: { type: 'PICK' } })
    assert.deepEqual((asked.body.snapshot as { context: unknown }).context, { picked: 2 })
    const entries = (await world.ask(`${P}/history?child=${child}`)).body.entries as { seq: number }[]
    assert.deepEqual(
      entries.map(one => one.seq),
      [1, 2, 3],
    )
    assert.equal((await world.ask(`${P}?child=nobody`)).status, 404)
  })

  test('history comes in pages, to its end', async () => {
    await using world = await HttpWorld.open({ readAheadEntriesMax: 3 })
    for (let n = 0; n < 10; n++) await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', n } })
    const seqs: number[] = []
    for (;;) {
      const { body } = await world.ask(`/actors/strict/s/history?limit=4&after=${seqs.at(-1) ?? 0}`)
      const page = body.entries as { seq: number; command: { kind: string } }[]
      if (page.length === 0) break
      assert.ok(page.length <= 4)
      seqs.push(...page.map(one => one.seq))
    }
    assert.deepEqual(
      seqs,
      Array.from({ length: 11 }, (_, n) => n + 1),
    )
  })

  test('answers questions about the state', async () => {
    await using world = await HttpWorld.open()
    await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
    assert.deepEqual((await world.ask(`${P}/select/by`)).body, { ok: true })
    await world.ask(`${P}/ask?until=sent`, { body: { type: 'APPROVE', by: 'eve' } })
    assert.deepEqual((await world.ask(`${P}/select/by`)).body, { ok: true, value: 'eve' })
  })

  test('says what runs, in what numbers', async () => {
    await using world = await HttpWorld.open()
    await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', n: 1 } })
    const { body } = await world.ask('/')
    assert.equal(body.mode, 'live')
    assert.match(String(body.perdure), /^\d+\.\d+\.\d+$/)
    assert.deepEqual(body.types, [
      {
        type: 'parcel',
        version: '2',
        previous: [],
        fingerprints: { 2: parcel[behaviour].fingerprint },
        selectors: ['by', 'odd', 'fails'],
        kind: 'machine',
      },
      {
        type: 'strict',
        version: '1',
        previous: [],
        fingerprints: { 1: strict[behaviour].fingerprint },
        selectors: [],
        kind: 'machine',
      },
    ])
    const stats = (await world.ask('/stats')).body
    assert.deepEqual(stats.actors, [{ type: 'strict', version: '1', status: 'active', count: 1 }])
    assert.equal(stats.position, 2)
    assert.equal((stats.live as { actorsInMemory: unknown }).actorsInMemory, 1)
  })

  test('keeps dead letters until someone retries or drops them', async () => {
    await using world = await HttpWorld.open()
    for (const n of [-1, -2]) await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', n } })
    const letters = (await world.ask('/dead-letters')).body.deadLetters as Record<string, unknown>[]
    assert.deepEqual(
      letters.map(one => [one.address, one.kind, one.event]),
      [
        ['strict/s', 'message', 'ADD'],
        ['strict/s', 'message', 'ADD'],
      ],
    )
    const [first, second] = letters.map(one => String(one.id))
    const page = (await world.ask(`/dead-letters?after=${first}&limit=1`)).body.deadLetters as {
      id: string
    }[]
    assert.deepEqual(
      page.map(one => one.id),
      [second],
    )
    const one = await world.ask(`/dead-letters/${first}`)
    assert.equal((one.body.deadLetter as { id: unknown }).id, first)
    const retried = await world.ask(`/dead-letters/${first}/retry`, { method: 'POST' })
    assert.deepEqual([retried.status, codeOf(retried)], [422, 'StepFailed'])
    assert.equal((await world.ask(`/dead-letters/${first}`)).status, 404)
    const dropped = await world.ask(`/dead-letters/${second}/drop`, { body: { reason: 'old' } })
    assert.equal(dropped.status, 200)
    assert.equal((await world.ask(`/dead-letters/${second}/drop`, { method: 'POST' })).status, 404)
    assert.equal((await world.ask('/stats')).body.deadLetters, 1)
  })

  test('says whether it is well, and whether it had better be asked', async () => {
    await using world = await HttpWorld.open()
    for (const [path, status] of [
      ['/healthz', 'healthy'],
      ['/readyz', 'ready'],
    ] as const) {
      const well = await world.ask(path)
      assert.deepEqual([well.status, well.body], [200, { ok: true, status }])
    }
    const stopped = world.rt.stop()
    assert.equal((await world.ask('/healthz')).status, 200)
    const leaving = await world.ask('/readyz')
    assert.deepEqual([leaving.status, codeOf(leaving)], [503, 'Unavailable'])
    await stopped
  })
})
