/**
 * What a client does, wherever the runtime is: calls and their answers.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import { PerdureError } from '../../actors/errors.js'
import { type Client, defineActor } from '../../runtime/index.js'
import { type CounterEvent, counterMachine } from '../support/engine-counter.js'
import { historyOf } from '../support/engine-world.js'
import type { WorldMaker } from './client-worlds.js'

export const counter = defineActor({
  machine: counterMachine,
  version: 'v7',
  create: () => ({ from: 0 }),
  snapshotEvery: 5,
  selectors: {
    n: s => s.context.n,
    at: (_, nowMs) => nowMs,
    bad: (): number => {
      throw new TypeError('no selection')
    },
  },
})
export const add = (n: number): CounterEvent => ({ type: 'ADD', n })

const strict = defineActor({
  machine: setup({ types: { events: {} as { type: 'A' } } }).createMachine({
    id: 'strict',
    initial: 'on',
    states: { on: {} },
  }),
  version: '1',
  unhandled: 'refuse',
})
const keeper = defineActor({
  machine: setup({
    types: { context: {} as { kept: unknown }, events: {} as { type: 'KEEP'; value: unknown } },
  }).createMachine({
    id: 'keeper',
    context: { kept: undefined },
    on: { KEEP: { actions: assign({ kept: ({ event }) => event.value }) } },
  }),
  version: '1',
  create: () => undefined,
  selectors: { kept: s => s.context.kept },
})
const deep = defineActor({
  machine: setup({ types: { events: {} as { type: 'IN' } }, actors: { kid: counterMachine } }).createMachine({
    id: 'deep',
    initial: 'a',
    states: {
      a: {
        invoke: { src: 'kid', id: 'kid', input: { from: 0 } },
        initial: 'b',
        states: { b: { on: { IN: 'c' } }, c: { tags: 'inner' } },
      },
    },
  }),
  version: '1',
  create: () => undefined,
})

export function clientContract(name: string, world: WorldMaker): void {
  suite(`${name}: a call`, () => {
    startsContract(world)
    readsContract(world)
    valuesContract(world)
    errorsContract(world)
    endsContract(world)
  })
  suite(`${name}: a list`, () => listsContract(world))
}

function startsContract(world: WorldMaker): void {
  test('start gives birth once; the second finds the actor; its id again has the first answer', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const first = await c.start({ from: 5 }, { id: 'birth' })
    assert.deepEqual(
      [first.created, first.duplicate, first.snapshot.context.n, first.id],
      [true, false, 5, 'birth'],
    )
    await c.send(add(1))
    const second = await c.start({ from: 9 })
    assert.deepEqual([second.created, second.snapshot.context.n], [false, 6])
    await w.crash()
    const again = await c.start({ from: 5 }, { id: 'birth' })
    assert.deepEqual([again.created, again.duplicate, again.snapshot.context.n], [true, true, 5])
    assert.equal((await historyOf(c)).length, 2)
  })

  test('a first send gives birth, with its own input or what the definition says', async () => {
    await using w = await world([counter])
    const [a, b] = [w.client.actor(counter, 'a'), w.client.actor(counter, 'b/ü %')]
    assert.equal((await a.ask(add(1), { start: { from: 10 } })).snapshot.context.n, 11)
    assert.equal((await b.ask(add(1))).snapshot.context.n, 1)
    assert.equal((await a.ask(add(1), { start: { from: 99 } })).snapshot.context.n, 12)
    assert.equal(b.id, 'counter/b%2F%C3%BC%20%25')
    assert.equal((await b.getSnapshot())?.context.n, 1)
  })

  test('the same id is applied once, whatever characters it has', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    for (const id of ['plain', ' with spaces ', 'größe-✓', '100%25', 'a\nb', '"quoted", and more']) {
      const [one, two] = [await c.send(add(1), { id }), await c.send(add(1), { id })]
      assert.deepEqual([one.duplicate, two.duplicate, two.position], [false, true, one.position])
      assert.equal(one.id, id)
    }
    assert.equal((await c.getSnapshot())?.context.n, 6)
    await assert.rejects(c.send(add(2), { id: 'größe-✓' }), { code: 'IdConflict', message: /größe-✓/ })
  })

  test('a delayed event comes when its time has come', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const { id } = await c.send(add(1), { delayMs: 30 })
    const came = await c.waitFor(s => s.context.n === 1)
    const [sent, due] = (await historyOf(c)).slice(-2)
    assert.deepEqual([sent?.command.commandId, due?.seq], [id, came.seq])
    assert.equal((await c.getSnapshot({ atSeq: sent!.seq }))?.context.n, 0)
    assert.ok(due!.at - sent!.at >= 30, `sent at ${sent!.at}, due at ${due!.at}`)
  })
}

function readsContract(world: WorldMaker): void {
  test('a snapshot says where in the life it stands, can be asked, and written as JSON', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    assert.equal(await c.getSnapshot(), undefined)
    await c.send(add(1))
    const snapshot = (await c.getSnapshot())!
    assert.deepEqual([snapshot.seq, snapshot.version], [2, 'v7'])
    assert.ok(snapshot.matches('counting') && snapshot.hasTag('open') && snapshot.can(add(1)))
    const { value, context, status, tags, seq } = JSON.parse(JSON.stringify(snapshot))
    assert.deepEqual(
      { value, context, status, tags, seq },
      { value: 'counting', context: { n: 1, notes: [] }, status: 'active', tags: ['open'], seq: 2 },
    )
  })

  test('every state there was is shown by its number', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    for (let n = 1; n <= 12; n++) await c.send(add(n))
    await w.crash()
    for (let seq = 1; seq <= 13; seq++) {
      const then = await c.getSnapshot({ atSeq: seq })
      assert.deepEqual([then?.seq, then?.context.n], [seq, ((seq - 1) * seq) / 2])
    }
    assert.equal(await c.getSnapshot({ atSeq: 0 }), undefined)
    await assert.rejects(c.getSnapshot({ atSeq: 14 }), {
      code: 'NotFound',
      message: 'counter/c has no entry 14: its last is 13',
      details: { atSeq: 14, lastSeq: 13 },
    })
    assert.equal(await w.client.actor(counter, 'nobody').getSnapshot({ atSeq: 14 }), undefined)
  })

  test('the history comes whole or after a number, page by page', async () => {
    await using w = await world([counter], { pageRowsMax: 4, readAheadEntriesMax: 3 })
    const c = w.client.actor(counter, 'c')
    for (let n = 1; n <= 11; n++) await c.send(add(n), { id: `id-${n}` })
    const history = await historyOf(c)
    assert.deepEqual(
      history.map(one => [one.seq, one.outcome, one.command.kind]),
      Array.from({ length: 12 }, (_, n) => [n + 1, 'applied', n === 0 ? 'start' : 'message']),
    )
    const rest = []
    for await (const entry of c.history({ afterSeq: 9 })) rest.push(entry.command.commandId)
    assert.deepEqual(rest, ['id-9', 'id-10', 'id-11'])
  })

  test('a selector answers from the state and the time', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    await assert.rejects(c.select('n'), { code: 'NotFound', actorId: 'counter/c' })
    const before = Date.now()
    await c.send(add(4))
    assert.equal(await c.select('n'), 4)
    const at = await c.select('at')
    assert.ok(at >= before && at <= Date.now() + 1_000)
    await assert.rejects(c.select('bad'), { code: 'StepFailed', message: /counter\/c.*'bad'.*no selection/ })
    await assert.rejects(c.select('none' as 'n'), { code: 'InvalidEvent', message: /n, at, bad.*'none'/ })
  })

  test('what a client does to a snapshot does not reach the actor', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const { snapshot } = await c.ask({ type: 'NOTE', text: 'mine' })
    ;(snapshot.context.notes as string[]).push('theirs')
    assert.deepEqual((await c.getSnapshot())?.context.notes, ['mine'])
  })
}

function valuesContract(world: WorldMaker): void {
  test('values come and go as they are: dates, maps, sets, bytes, bigints, undefined, errors', async () => {
    await using w = await world([keeper])
    const k = w.client.actor(keeper, 'k')
    const value = {
      date: new Date('2026-02-03T04:05:06Z'),
      map: new Map<unknown, unknown>([[{ a: 1 }, undefined]]),
      set: new Set(['ü', 2n ** 70n]),
      bytes: new Uint8Array([0, 255, 193]),
      minus: -0,
      missing: undefined,
      never: Number.NaN,
      text: 'line\nline ✓ \ud800',
    }
    const { snapshot } = await k.ask({ type: 'KEEP', value })
    const seen: unknown[] = [
      snapshot.context.kept,
      (await k.getSnapshot())?.context.kept,
      await k.select('kept'),
      ((await historyOf(k)).at(-1)!.command as { event?: { value: unknown } }).event?.value,
    ]
    for await (const { context } of k.changes({ afterSeq: 1 })) {
      seen.push(context.kept)
      break
    }
    for (const one of seen) assert.deepEqual(one, value)
  })
}

function errorsContract(world: WorldMaker): void {
  const refusals: readonly [string, object, (client: Client) => Promise<unknown> | unknown][] = [
    ['a type it was not given', { code: 'NotFound' }, client => client.actor(keeper, 'k')],
    ['a key that is none', { code: 'InvalidEvent' }, client => client.actor(counter, '')],
    [
      'an event that is none',
      { code: 'InvalidEvent', actorId: 'counter/c', message: /'type'/ },
      client => client.actor(counter, 'c').send({} as CounterEvent),
    ],
    [
      'an event of the engine’s own',
      { code: 'InvalidEvent', message: /reserved/ },
      client => client.actor(counter, 'c').send({ type: 'xstate.init' } as unknown as CounterEvent),
    ],
    [
      'an actor that was never started and cannot be',
      { code: 'NotFound', actorId: 'strict/s', retryable: false },
      client => client.actor(strict, 's').send({ type: 'A' }),
    ],
    [
      'an event its state does not take',
      { code: 'NotHandled', actorId: 'strict/t', details: { event: 'A', value: 'on' } },
      async client => {
        await client.actor(strict, 't').start(undefined)
        await client.actor(strict, 't').ask({ type: 'A' })
      },
    ],
    [
      'a step that throws',
      { code: 'StepFailed', actorId: 'counter/c', message: /because/, retryable: false },
      client => client.actor(counter, 'c').send({ type: 'BREAK', why: 'because' }),
    ],
    [
      'too much',
      { code: 'InvalidEvent', message: /600\d\d\d bytes/ },
      client => client.actor(counter, 'c').send({ type: 'NOTE', text: 'x'.repeat(600_000) }),
    ],
    [
      'a wait that is none',
      { code: 'InvalidEvent' },
      client => client.actor(counter, 'c').ask(add(1), { timeoutMs: -1 }),
    ],
  ]

  for (const [what, expected, call] of refusals)
    test(`refused with a typed error: ${what}`, async () => {
      await using w = await world([counter, strict])
      await assert.rejects(
        async () => call(w.client),
        error => {
          assert.ok(error instanceof PerdureError)
          for (const [key, value] of Object.entries(expected)) {
            const found: unknown = error[key as keyof PerdureError]
            if (value instanceof RegExp) assert.match(String(found), value)
            else assert.deepEqual(found, value)
          }
          return true
        },
      )
    })
}

function endsContract(world: WorldMaker): void {
  test('terminate ends an actor where it is; nothing is handled after; twice is once', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    await c.send(add(1))
    await c.terminate('enough')
    await c.terminate('enough, I said')
    const { status, context, value } = (await c.getSnapshot())!
    assert.deepEqual([status, context.n, value], ['stopped', 1, 'counting'])
    const after = await c.ask(add(1))
    assert.deepEqual([after.handled, after.snapshot.context.n, after.snapshot.status], [false, 1, 'stopped'])
    await w.crash()
    assert.equal((await c.getSnapshot({ atSeq: 2 }))?.status, 'active')
    assert.equal(JSON.parse(JSON.stringify(await c.getSnapshot())).status, 'stopped')
    assert.equal((await c.start({ from: 1 })).created, false, 'its key is taken')
    assert.equal((await historyOf(c)).filter(one => one.command.kind === 'operator').length, 1)
    await assert.rejects(c.output(), { code: 'StepFailed', message: /stopped/ })
  })

  test('once the runtime is gone, who waits is told, and who comes is refused: Unavailable', async () => {
    await using w = await world([counter], { askTimeoutMs: 5_000 })
    const c = w.client.actor(counter, 'c')
    await c.send(add(1))
    const patience = { timeoutMs: 60_000 }
    const waits = [
      c.waitFor(() => false, patience),
      c.output(patience),
      c.ask(add(1), { until: () => false, ...patience }),
    ].map(wait => assert.rejects(wait, { code: 'Unavailable' }))
    await c.waitFor(s => s.context.n === 2)
    await w.stop()
    await Promise.all(waits)
    const commands = [
      () => c.send(add(1)),
      () => c.ask(add(1)),
      () => c.start({ from: 1 }),
      () => c.terminate('no'),
    ]
    const reads = [
      () => c.getSnapshot(),
      () => c.select('n'),
      () => c.waitFor(() => true, patience),
      () => historyOf(c),
      async () => {
        for await (const _ of w.client.list(counter)) break
      },
      async () => {
        for await (const _ of c.changes({ afterSeq: 0 })) break
      },
    ]
    const failsWith = (code: string) => (call: () => Promise<unknown>) =>
      assert.rejects(call, error => {
        assert.ok(error instanceof PerdureError && error.code === code, `${call}: ${error}`)
        assert.equal(error.retryable, true)
        if (code === 'Timeout') assert.equal(typeof error.details?.commandId, 'string')
        return true
      })
    const onCommand = w.storesCommands === true ? 'Timeout' : 'Unavailable'
    // In turn: when what is followed has to be given up, all who wait for anything are told so.
    await Promise.all(commands.map(failsWith(onCommand)))
    await Promise.all(reads.map(failsWith('Unavailable')))
  })
}

function listsContract(world: WorldMaker): void {
  const listed = async (client: Client, ...asked: Parameters<Client['list']>) => {
    const ids: string[] = []
    for await (const one of client.list(...asked)) ids.push(one.id)
    return ids
  }

  test('is in order of keys, page by page, of one type, roots alone', async () => {
    await using w = await world([counter, deep], { pageRowsMax: 3 })
    const keys = ['b', 'a', 'd', 'c', 'f', 'e', 'g']
    for (const key of keys) await w.client.actor(counter, key).send(add(1))
    for (const key of ['x', 'y', 'z']) await w.client.actor(deep, key).start(undefined)
    await w.crash()
    const ids = [...keys].sort().map(key => `counter/${key}`)
    assert.deepEqual(await listed(w.client, counter), ids)
    assert.deepEqual(await listed(w.client, counter, { limit: 4 }), ids.slice(0, 4))
    assert.deepEqual(await listed(w.client, counter, { limit: 0 }), [])
    assert.deepEqual(await listed(w.client, deep), ['deep/x', 'deep/y', 'deep/z'])
    for await (const row of w.client.list(deep, { limit: 1 }))
      assert.deepEqual([row.id, row.value, row.seq], ['deep/x', { a: 'b' }, 1])
  })

  test('is by state, by tag, by status, by how long nothing has happened', async () => {
    await using w = await world([counter, deep])
    for (const key of ['a', 'b', 'c']) await w.client.actor(counter, key).send(add(1))
    await w.client.actor(counter, 'b').send({ type: 'STOP' })
    await w.client.actor(counter, 'c').terminate('enough')
    await w.client.actor(deep, 'in').send({ type: 'IN' })
    await w.client.actor(deep, 'out').start(undefined)
    assert.deepEqual(await listed(w.client, counter, { status: 'active' }), ['counter/a'])
    assert.deepEqual(await listed(w.client, counter, { status: 'stopped' }), ['counter/c'])
    assert.deepEqual(await listed(w.client, counter, { state: 'stopped' }), ['counter/b'])
    assert.deepEqual(await listed(w.client, counter, { tag: 'open' }), ['counter/a', 'counter/c'])
    assert.deepEqual(await listed(w.client, deep, { state: 'a.c' }), ['deep/in'])
    assert.deepEqual(await listed(w.client, deep, { tag: 'inner', status: 'active' }), ['deep/in'])
    assert.deepEqual(await listed(w.client, counter, { idleMs: 3_600_000 }), [])
    assert.equal((await listed(w.client, counter, { idleMs: 0 })).length, 3)
  })
}
