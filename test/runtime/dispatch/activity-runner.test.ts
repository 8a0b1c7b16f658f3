import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import { activity, defineActor } from '../../../runtime/index.js'
import { workerOf } from '../../support/engine-worker.js'
import { assertRefolds, engineWorld, gate, historyOf } from '../../support/engine-world.js'

const hang = () => new Promise<never>(() => {})

suite('retries', () => {
  test('are entries: attempts and waits go on over crashes', async () => {
    const worker = workerOf(
      async ({ attempt }) => {
        if (attempt < 6) throw new Error(`no ${attempt}`)
        return attempt
      },
      { retry: { attempts: 6, initialMs: 1_000, factor: 2, maxMs: 60_000 } },
    )
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(0)
    const waits: number[] = []
    for (let attempt = 1; attempt < 6; attempt++) {
      await rt.crash()
      await rt.advance(0)
      assert.equal(rt.calls('work').length, attempt, 'a crash while it waits begins nothing')
      let waitedMs = 0
      for (; rt.calls('work').length === attempt; waitedMs += 100) await rt.advance(100)
      waits.push(waitedMs)
    }
    await rt.advance(0)
    assert.equal((await w.getSnapshot())?.context.result, 6)
    assert.deepEqual(
      rt.calls('work').map(call => call.attempt),
      [1, 2, 3, 4, 5, 6],
    )
    for (const [index, waitedMs] of waits.entries()) {
      const whole = 1_000 * 2 ** index
      assert.ok(waitedMs >= whole / 2 && waitedMs <= whole + 100, `wait ${index + 1} took ${waitedMs} ms`)
    }
    assertRefolds(rt)
  })

  test('a crash while an attempt runs counts as one; the key stays, another invocation has another', async () => {
    const worker = workerOf(({ attempt }) => (attempt < 4 ? hang() : Promise.resolve(attempt)))
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    for (let crash = 0; crash < 3; crash++) {
      await rt.crash()
    }
    await rt.advance(0)
    assert.equal((await w.getSnapshot())?.context.result, 4)
    const keys = rt.calls('work').map(call => call.idempotencyKey)
    assert.equal(new Set(keys).size, 1)
    const other = rt.actor(worker, 'other')
    await other.start({})
    await rt.advance(0)
    assert.ok(!keys.includes(rt.calls('work').at(-1)!.idempotencyKey))
    assertRefolds(rt)
  })

  test('crashes use attempts up, too', async () => {
    const worker = workerOf(hang, { retry: { attempts: 3 } })
    for (const batchCommandsMax of [512, 1]) {
      await using rt = await engineWorld([worker], { batchCommandsMax })
      const w = rt.actor(worker, 'w')
      await w.start({})
      for (let crash = 0; crash < 3; crash++) await rt.crash()
      const { value, context } = (await w.getSnapshot())!
      assert.deepEqual([value, context.error?.code], ['failed', 'AttemptsExhausted'])
      assert.match(context.error?.message ?? '', /attempt 3/)
      const attempts = rt.calls('work').map(call => call.attempt)
      assert.deepEqual(attempts, [1, 2, 3].slice(0, attempts.length), 'none is made twice')
    }
  })
})

suite('an invocation that is left', () => {
  test('is told by its signal, and what it answers later is dropped', async () => {
    const answers = [gate<string>(), gate<string>()]
    const signals: AbortSignal[] = []
    let calls = 0
    const worker = workerOf(({ signal }) => {
      signals.push(signal)
      return answers[calls++]!.opened
    })
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(0)
    await w.send({ type: 'LEAVE' })
    assert.equal(signals[0]?.aborted, true)
    await w.send({ type: 'AGAIN' })
    await rt.advance(0)
    assert.equal(signals[1]?.aborted, false)
    answers[0]?.open('of the first')
    await rt.advance(0)
    assert.ok((await w.getSnapshot())?.matches('working'), 'the first answer is nobody’s')
    answers[1]?.open('of the second')
    await rt.advance(0)
    assert.equal((await w.getSnapshot())?.context.result, 'of the second')
    const [first, second] = rt.calls('work').map(call => call.idempotencyKey)
    assert.notEqual(first, second)
  })

  test('is begun anew when its state is re-entered, and not when it is only looked at', async () => {
    const worker = workerOf(hang)
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await w.send({ type: 'POKE' })
    await rt.advance(0)
    assert.equal(rt.calls('work').length, 1)
    await w.send({ type: 'AGAIN' })
    await rt.advance(0)
    assert.equal(new Set(rt.calls('work').map(call => call.idempotencyKey)).size, 2)
    assert.deepEqual(
      rt.calls('work').map(call => call.attempt),
      [1, 1],
    )
    await w.terminate('enough')
    assert.equal(rt.engine.shard.host.runner.running, 0)
  })
})

suite('once', () => {
  test('a crash while it runs ends it with an unknown outcome; it is never called again', async () => {
    for (const batchCommandsMax of [512, 1]) {
      let called = 0
      const worker = workerOf(
        () => {
          called++
          return hang()
        },
        { once: true },
      )
      await using rt = await engineWorld([worker], { batchCommandsMax })
      const w = rt.actor(worker, 'w')
      await w.start({})
      await rt.advance(0)
      assert.equal(called, 1)
      await rt.crash()
      await rt.advance(60_000)
      const { value, context } = (await w.getSnapshot())!
      assert.deepEqual([value, context.error?.code], ['failed', 'OutcomeUnknown'])
      assert.equal(called, 1, `with batches of ${batchCommandsMax}`)
      assertRefolds(rt)
    }
  })

  test('its beginning is durable before it begins', async () => {
    let begun: unknown
    const probe = { position: () => 0 }
    const worker = workerOf(
      async () => {
        begun = probe.position()
      },
      { once: true },
    )
    await using rt = await engineWorld([worker])
    probe.position = () => rt.engine.shard.journal.position
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(0)
    const history = await historyOf(w)
    assert.deepEqual(
      history.map(({ command }) => command.kind),
      ['start', 'operator', 'result'],
    )
    assert.equal(begun, history[1]?.position)
  })

  test('a crash before its beginning is durable runs it, once', async () => {
    const worker = workerOf(async () => 'ran', { once: true })
    await using rt = await engineWorld([worker], { batchCommandsMax: 1 })
    const w = rt.actor(worker, 'w')
    await w.start({})
    // The birth is durable; the order to begin is not.
    assert.equal((await historyOf(w)).length, 1)
    await rt.crash()
    await rt.advance(0)
    assert.equal((await w.getSnapshot())?.context.result, 'ran')
    assert.equal(rt.calls('work').length, 1)
  })

  test('one that fails is not tried again', async () => {
    const worker = workerOf(
      async () => {
        throw new Error('half done')
      },
      { once: true },
    )
    await using rt = await engineWorld([worker])
    const w = rt.actor(worker, 'w')
    await w.start({})
    await rt.advance(3600_000)
    assert.equal((await w.getSnapshot())?.context.error?.message, 'half done')
    assert.equal(rt.calls('work').length, 1)
  })
})

suite('more than can run at once', () => {
  for (const dispatchQueueMax of [1, 3, 100])
    test(`all of it gets done, ${dispatchQueueMax} in the queue`, async () => {
      let [running, most] = [0, 0]
      const worker = workerOf(async () => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running--
        return 'done'
      })
      await using rt = await engineWorld([worker], {
        activitiesRunningMax: 2,
        dispatchQueueMax,
        dueActorsPageMax: 4,
      })
      const handles = Array.from({ length: 30 }, (_, index) => rt.actor(worker, `w-${index}`))
      await Promise.all(handles.map(handle => handle.start({})))
      await rt.advance(0)
      for (const handle of handles) assert.equal((await handle.getSnapshot())?.value, 'done', handle.id)
      assert.ok(most <= 2)
      assert.equal(rt.calls('work').length, 30, 'each once')
    })

  test('behind actors that owe work and cannot go on', async () => {
    let broken = true
    const worker = workerOf(
      async ({ input }) => {
        if (input === 'later' && broken) throw new Error('not yet')
        return 'done'
      },
      { retry: { initialMs: 3600_000, maxMs: 3600_000 } },
    )
    await using rt = await engineWorld([worker], { activitiesRunningMax: 1, dispatchQueueMax: 1 })
    const names = Array.from({ length: 12 }, (_, index) => `w-${String(index).padStart(2, '0')}`)
    const argOf = (name: string) => (name < 'w-08' ? 'later' : 'now')
    await Promise.all(names.map(name => rt.actor(worker, name).start({ arg: argOf(name) })))
    await rt.advance(0)
    for (const name of names.slice(8))
      assert.equal((await rt.actor(worker, name).getSnapshot())?.value, 'done', name)
    broken = false
    await rt.advance(2 * 3600_000)
    for (const name of names) assert.equal((await rt.actor(worker, name).getSnapshot())?.value, 'done', name)
  })

  test('those that are left while they wait make room for the rest', async () => {
    const worker = workerOf(({ input }) => (input === 'hang' ? hang() : Promise.resolve('done')))
    await using rt = await engineWorld([worker], { activitiesRunningMax: 1, dispatchQueueMax: 2 })
    const hanging = ['a', 'b', 'c'].map(key => rt.actor(worker, key))
    const rest = ['x', 'y', 'z'].map(key => rt.actor(worker, key))
    for (const handle of hanging) await handle.start({ arg: 'hang' })
    for (const handle of rest) await handle.start({})
    for (const handle of hanging) await handle.send({ type: 'LEAVE' })
    await rt.advance(0)
    for (const handle of rest) assert.equal((await handle.getSnapshot())?.value, 'done', handle.id)
  })
})

test('an activity that ends while a commit of its actor is on its way is not begun again', async () => {
  for (const once of [false, true]) {
    const answer = gate<string>()
    const machine = setup({
      types: { context: {} as { pokes: number; result?: unknown }, events: {} as { type: 'POKE' } },
      actors: { work: activity<unknown>(() => answer.opened, { once }) },
    }).createMachine({
      id: 'busy',
      context: { pokes: 0 },
      invoke: { src: 'work', onDone: { actions: assign({ result: ({ event }) => event.output }) } },
      on: {
        POKE: {
          actions: assign(({ context }) => {
            answer.open('once')
            return { pokes: context.pokes + 1 }
          }),
        },
      },
    })
    const busy = defineActor({ machine, version: '1' })
    await using rt = await engineWorld([busy])
    const b = rt.actor(busy, 'b')
    await b.start(undefined)
    await rt.advance(0)
    await b.send({ type: 'POKE' })
    await rt.advance(0)
    assert.deepEqual((await b.getSnapshot())?.context, { pokes: 1, result: 'once' })
    assert.equal(rt.calls('work').length, 1)
  }
})

test('a stop lets what runs end, and does not wait for what was left meanwhile', async () => {
  const answer = gate<string>()
  const machine = setup({
    actors: { one: activity<unknown>(() => answer.opened), other: activity<unknown>(hang) },
  }).createMachine({
    id: 'racer',
    initial: 'racing',
    states: {
      racing: { invoke: [{ src: 'one', onDone: 'over' }, { src: 'other' }] },
      over: { type: 'final' },
    },
  })
  const racer = defineActor({ machine, version: '1' })
  const rt = await engineWorld([racer])
  try {
    const r = rt.actor(racer, 'r')
    await r.start(undefined)
    await rt.advance(0)
    const seen: unknown[] = []
    r.subscribe(snapshot => seen.push(snapshot.value))
    // The clock stands still: a stop that waited for `other` would never end.
    const stopped = rt.engine.stop()
    answer.open('in time')
    await stopped
    assert.deepEqual(seen, ['over'])
  } finally {
    await rt.stop()
  }
})
