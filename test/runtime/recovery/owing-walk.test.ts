import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import { activity, asks, defineActor, each } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { workerOf } from '../../support/engine-worker.js'
import { assertRefolds, engineWorld, historyOf } from '../../support/engine-world.js'

const hang = () => new Promise<never>(() => {})

/** A machine of which every piece of user code is counted. */
function counted() {
  const calls: string[] = []
  const note = <Value>(what: string, value: Value): Value => {
    calls.push(what)
    return value
  }
  const kid = setup({ types: { context: {} as { n: number } } }).createMachine({
    id: 'kid',
    context: () => note('kid context', { n: 0 }),
    after: { 60000: { actions: assign(() => note('kid assign', { n: 1 })) } },
  })
  const machine = setup({
    types: {
      input: {} as { n: number },
      context: {} as { n: number },
      events: {} as { type: 'GO' } | { type: 'NOTHING' },
    },
    actors: {
      kid,
      work: activity<unknown, unknown>(() => note('activity', hang())),
      many: each(
        activity<unknown, unknown>(({ input }) => note('item', input === 0 ? Promise.resolve(0) : hang())),
      ),
      ask: asks<{ type: 'ADD'; n: number }, number>('counter', 'n'),
    },
    guards: { may: () => note('guard', true) },
    actions: { act: () => note('action', undefined) },
    delays: { long: () => note('delay', 120_000) },
  }).createMachine({
    id: 'counted',
    context: ({ input }) => note('context', { n: input.n }),
    initial: 'idle',
    entry: 'act',
    states: {
      idle: { on: { GO: { guard: 'may', target: 'busy', actions: assign(() => note('assign', { n: 1 })) } } },
      busy: {
        entry: 'act',
        invoke: [
          { src: 'work', input: () => note('input', 1), onDone: 'idle' },
          { src: 'many', input: () => note('input', [0, 1]) },
          { src: 'kid', id: 'kid' },
          { src: 'ask', input: () => note('input', { key: 'c', event: { type: 'ADD' as const, n: 1 } }) },
        ],
        after: { long: { guard: 'may', target: 'idle' } },
        always: { guard: () => note('always', false), target: 'idle' },
      },
    },
  })
  const definition = defineActor({
    machine,
    version: '1',
    create: () => note('create', { n: 0 }),
    selectors: { n: s => note('selector', s.context.n) },
  })
  return { calls, definition }
}

suite('recovery', () => {
  test('runs no user code but the attempts it makes again, and reading runs none at all', async () => {
    const { calls, definition } = counted()
    const counter = defineActor({
      machine: counterMachine,
      version: '1',
      create: () => ({ from: 0 }),
      selectors: { n: s => s.context.n },
    })
    await using rt = await engineWorld([definition, counter])
    for (let n = 0; n < 5; n++) {
      const c = rt.actor(definition, `c-${n}`)
      await c.send({ type: 'NOTHING' } as never)
      await c.send({ type: 'GO' })
    }
    await rt.advance(1_000)
    assert.ok(
      ['guard', 'assign', 'kid context', 'activity', 'item', 'delay'].every(one => calls.includes(one)),
    )
    calls.length = 0
    await rt.crash()
    await rt.advance(0)
    assert.deepEqual(calls.sort(), [...Array(5).fill('activity'), ...Array(5).fill('item')])
    calls.length = 0
    await rt.crash()
    await rt.advance(0)
    const c = rt.actor(definition, 'c-0')
    await c.getSnapshot()
    await historyOf(c)
    for await (const _ of rt.list(definition));
    assert.ok(calls.every(one => one === 'activity' || one === 'item'))
  })

  test('finds everyone who owes work, page by page, whatever comes between', async () => {
    let hanging = true
    const worker = workerOf(() => (hanging ? hang() : Promise.resolve('done')))
    await using rt = await engineWorld([worker], { dueActorsPageMax: 3, batchCommandsMax: 4 })
    const handles = Array.from({ length: 25 }, (_, n) => rt.actor(worker, `w-${n}`))
    await Promise.all(handles.map(handle => handle.start({})))
    hanging = false
    await rt.crash()
    await rt.actor(worker, 'w-3x').start({})
    await rt.advance(0)
    for (const handle of handles) assert.equal((await handle.getSnapshot())?.value, 'done', handle.id)
    const perActor = new Map<string, number>()
    for (const { idempotencyKey } of rt.calls('work'))
      perActor.set(idempotencyKey, (perActor.get(idempotencyKey) ?? 0) + 1)
    assert.equal(perActor.size, 26)
    assert.ok(
      [...perActor.values()].every(times => times <= 2),
      'once before the crash, once after',
    )
    assertRefolds(rt)
  })

  test('begins all that was lost again, and writes nothing of it until an actor is touched', async () => {
    let hanging = true
    const worker = workerOf(() => (hanging ? hang() : Promise.resolve('done')))
    await using rt = await engineWorld([worker], { dueActorsPageMax: 7 })
    const handles = Array.from({ length: 40 }, (_, n) => rt.actor(worker, `w-${n}`))
    await Promise.all(handles.map(handle => handle.start({})))
    await rt.crash()
    assert.deepEqual(
      rt.calls('work').map(one => one.attempt),
      [...Array(40).fill(1), ...Array(40).fill(2)],
    )
    assert.equal(rt.engine.shard.journal.position, 40)
    await rt.actor(worker, 'w-7').send({ type: 'POKE' })
    const kinds = async (key: string) => (await historyOf(rt.actor(worker, key))).map(one => one.command.kind)
    assert.deepEqual(await kinds('w-7'), ['start', 'operator', 'message'])
    hanging = false
    await rt.crash()
    await rt.advance(0)
    for (const handle of handles) assert.equal((await handle.getSnapshot())?.value, 'done', handle.id)
    assert.deepEqual(await kinds('w-8'), ['start', 'operator', 'result'])
    assert.deepEqual(
      rt
        .calls('work')
        .slice(80)
        .map(one => one.attempt),
      Array(40).fill(3),
    )
    assertRefolds(rt)
  })

  for (const lossesMax of [8, 2])
    test(`makes no attempt twice and none too many, with room for ${lossesMax} losses`, async () => {
      const worker = workerOf(hang, { retry: { attempts: 4 } })
      await using rt = await engineWorld([worker], { dueActorsPageMax: 5, lossesMax })
      const handles = Array.from({ length: 20 }, (_, n) => rt.actor(worker, `w-${n}`))
      await Promise.all(handles.map(handle => handle.start({})))
      for (let crashes = 1; crashes <= 3; crashes++) {
        await rt.crash()
        if (crashes === 2) await rt.actor(worker, 'w-1').send({ type: 'POKE' })
        assert.ok(rt.engine.shard.journal.losses().length <= lossesMax)
      }
      const attempts = new Map<string, number[]>()
      for (const { idempotencyKey, attempt } of rt.calls('work'))
        attempts.set(idempotencyKey, [...(attempts.get(idempotencyKey) ?? []), attempt])
      assert.equal(attempts.size, 20)
      for (const made of attempts.values()) assert.deepEqual(made, [1, 2, 3, 4])
      await rt.crash()
      await rt.advance(0)
      for (const handle of handles) assert.equal((await handle.getSnapshot())?.value, 'failed', handle.id)
      assert.equal(rt.calls('work').length, 80, 'none has more than four')
      await rt.actor(worker, 'w-new').start({})
      const kept = rt.engine.shard.journal.losses()
      assert.ok(kept.length <= 1, 'with the next commit those go that nobody counts by')
      assertRefolds(rt)
    })

  test('counts an attempt only where it may have begun: who waited for a place lost none', async () => {
    let hanging = true
    const worker = workerOf(() => (hanging ? hang() : Promise.resolve('done')), { retry: { attempts: 3 } })
    const places = { activitiesRunningMax: 2, dispatchQueueMax: 4, dueActorsPageMax: 2 }
    await using rt = await engineWorld([worker], places)
    const handles = Array.from({ length: 30 }, (_, n) => rt.actor(worker, `w-${String(n).padStart(2, '0')}`))
    await Promise.all(handles.map(handle => handle.start({})))
    for (let crashes = 1; crashes <= 6; crashes++) await rt.crash()
    hanging = false
    await rt.crash()
    await rt.advance(0)
    const values = await Promise.all(handles.map(async one => (await one.getSnapshot())?.value))
    assert.equal(values.at(0), 'failed', 'it was begun again and again')
    const last = rt.calls('work').filter(one => one.idempotencyKey.startsWith('worker/w-29:'))
    assert.deepEqual([values.at(-1), last.map(one => one.attempt)], ['done', [2]])
    assertRefolds(rt)
  })

  test('ends what runs once, and lets it be, as the machine decides', async () => {
    const worker = workerOf(hang, { once: true })
    await using rt = await engineWorld([worker], { dueActorsPageMax: 3 })
    const handles = Array.from({ length: 9 }, (_, n) => rt.actor(worker, `w-${n}`))
    await Promise.all(handles.map(handle => handle.start({})))
    await rt.advance(0)
    await rt.crash()
    await rt.advance(0)
    for (const handle of handles) {
      const found = await handle.getSnapshot()
      assert.deepEqual([found?.value, found?.context.error?.code], ['failed', 'OutcomeUnknown'])
    }
    assert.equal(rt.calls('work').length, 9)
    assertRefolds(rt)
  })

  test('again and again loses nothing and does nothing twice that was done', async () => {
    const worker = workerOf(async () => 'done')
    await using rt = await engineWorld([worker], { batchCommandsMax: 2, dueActorsPageMax: 2 })
    const handles = Array.from({ length: 10 }, (_, n) => rt.actor(worker, `w-${n}`))
    for (const handle of handles) {
      await handle.start({})
      await rt.crash()
      await rt.crash()
    }
    await rt.advance(0)
    for (const handle of handles) {
      assert.equal((await handle.getSnapshot())?.value, 'done', handle.id)
      const done = (await historyOf(handle)).filter(one => one.command.kind === 'result')
      assert.equal(done.length, 1)
    }
    assertRefolds(rt)
  })

  test('answers everyone who sends one id at the same moment after it', async () => {
    const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 })
    await rt.crash()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => c.ask({ type: 'ADD', n: 1 }, { id: 'same', timeoutMs: 5_000 })),
    )
    assert.deepEqual(
      answers.map(one => one.snapshot.context.n),
      answers.map(() => 2),
    )
    assert.equal((await c.getSnapshot())?.context.n, 2)
  })
})
