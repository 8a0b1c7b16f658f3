import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import { PerdureError, TimeoutError, UnavailableError } from '../../../actors/errors.js'
import { defineActor } from '../../../runtime/index.js'
import { createTestRuntime } from '../../../runtime/testing/index.js'
import { type CounterEvent, counterMachine } from '../../support/engine-counter.js'
import { workerOf } from '../../support/engine-worker.js'
import { engineWorld, historyOf } from '../../support/engine-world.js'

const counter = defineActor({
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
const add = (n: number): CounterEvent => ({ type: 'ADD', n })

suite('start', () => {
  test('gives birth once; the second finds the actor and changes nothing', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const first = await c.start({ from: 5 })
    assert.deepEqual([first.created, first.duplicate, first.snapshot.context.n], [true, false, 5])
    const second = await c.start({ from: 9 })
    assert.deepEqual([second.created, second.snapshot.context.n], [false, 5])
    await rt.crash()
    assert.equal((await c.start({ from: 9 })).created, false)
    assert.equal((await historyOf(c)).length, 1)
  })

  test('again with its id has the first answer', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 5 }, { id: 'birth' })
    await c.send(add(1))
    const again = await c.start({ from: 5 }, { id: 'birth' })
    assert.deepEqual([again.created, again.duplicate, again.snapshot.context.n], [true, true, 5])
  })

  test('at the same moment gives birth once', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const answers = await Promise.all([1, 2, 3].map(from => c.start({ from })))
    assert.deepEqual(
      answers.map(one => [one.created, one.snapshot.context.n]),
      [
        [true, 1],
        [false, 1],
        [false, 1],
      ],
    )
  })

  test('by a first send, with its own input or what the definition says', async () => {
    await using rt = await engineWorld([counter])
    assert.equal((await rt.actor(counter, 'a').ask(add(1), { start: { from: 10 } })).snapshot.context.n, 11)
    assert.equal((await rt.actor(counter, 'b').ask(add(1))).snapshot.context.n, 1)
    assert.equal((await rt.actor(counter, 'a').ask(add(1), { start: { from: 99 } })).snapshot.context.n, 12)
  })
})

suite('what is seen', () => {
  test('a snapshot says where in the life it stands, and can be written as JSON', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
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

  test('every state there was, by its number', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    for (let n = 1; n <= 23; n++) await c.send(add(n))
    for (const crash of [false, true]) {
      if (crash) await rt.crash()
      for (let seq = 1; seq <= 24; seq++) {
        const then = await c.getSnapshot({ atSeq: seq })
        assert.deepEqual([then?.seq, then?.context.n], [seq, ((seq - 1) * seq) / 2])
      }
      assert.equal(await c.getSnapshot({ atSeq: 0 }), undefined)
      assert.equal((await c.getSnapshot({ atSeq: 1_000 }))?.seq, 24)
    }
  })

  test('the history, whole or after a number, page by page', async () => {
    await using rt = await engineWorld([counter], { pageRowsMax: 4 })
    const c = rt.actor(counter, 'c')
    for (let n = 1; n <= 11; n++) await c.send(add(n), { id: `id-${n}` })
    const history = await historyOf(c)
    assert.deepEqual(
      history.map(one => one.seq),
      Array.from({ length: 12 }, (_, n) => n + 1),
    )
    const rest = []
    for await (const entry of c.history({ afterSeq: 9 })) rest.push(entry.command.commandId)
    assert.deepEqual(rest, ['id-9', 'id-10', 'id-11'])
  })

  test('a selector answers from the state and the time', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send(add(4))
    await rt.advance(1_234)
    assert.equal(await c.select('n'), 4)
    assert.equal(await c.select('at'), rt.clock.now())
    await assert.rejects(c.select('bad'), error => {
      assert.ok(error instanceof PerdureError)
      assert.match(error.message, /counter\/c.*'bad'.*no selection/)
      return true
    })
  })

  test('events it emits, from now on, until nobody listens', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send(add(1))
    const heard: number[] = []
    const subscription = c.on('ADDED', event => heard.push(event.n))
    const broken = c.on('ADDED', () => {
      throw new Error('a listener that throws harms nobody')
    })
    await c.send(add(2))
    await rt.crash()
    await c.send(add(3))
    subscription.unsubscribe()
    broken.unsubscribe()
    await c.send(add(4))
    assert.deepEqual(heard, [2, 3])
  })

  test('states as they come, to who subscribes', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const seen: number[] = []
    const subscription = c.subscribe(snapshot => seen.push(snapshot.seq))
    await c.send(add(1))
    await c.send(add(1))
    subscription.unsubscribe()
    await c.send(add(1))
    assert.deepEqual(seen, [1, 2, 3])
  })
})

suite('an ask until', () => {
  const slow = workerOf(async () => 'done')

  test('waits for the first state that fits, at or after its own', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const asked = c.ask(add(1), { until: s => s.context.n >= 5 })
    for (let n = 0; n < 6; n++) await c.send(add(1))
    const { snapshot, handled } = await asked
    assert.deepEqual([snapshot.context.n, handled], [5, true])
    assert.equal((await c.ask(add(1), { until: s => s.context.n >= 5 })).snapshot.context.n, 8)
  })

  test('asked again with its id is judged over the history since, and never over what was before', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send(add(100))
    const first = await c.ask(add(-98), { id: 'x' })
    assert.equal(first.snapshot.context.n, 2)
    for (let n = 0; n < 10; n++) await c.send(add(1))
    await c.send(add(-10))
    await rt.crash()
    const { snapshot, duplicate } = await c.ask(add(-98), { id: 'x', until: s => s.context.n >= 7 })
    assert.deepEqual([snapshot.context.n, snapshot.seq, duplicate], [7, 8, true])
  })

  test('that takes too long says which id to ask again with, and that works', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const asked = c.ask(add(1), { until: s => s.context.n >= 2, timeoutMs: 5_000 })
    const timedOut = assert.rejects(asked, error => {
      assert.ok(error instanceof TimeoutError)
      assert.deepEqual([error.code, error.retryable, error.actorId], ['Timeout', true, 'counter/c'])
      assert.match(error.message, /5000 ms/)
      const { commandId } = error.details as { commandId: string }
      assert.ok(error.message.includes(`'${commandId}'`))
      id = commandId
      return true
    })
    let id = ''
    await rt.advance(5_000)
    await timedOut
    await c.send(add(1))
    const again = await c.ask(add(1), { id, until: s => s.context.n >= 2 })
    assert.deepEqual([again.duplicate, again.snapshot.context.n], [true, 2])
  })

  test('ends by its signal, with the signal’s reason; before it is sent, nothing is', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 })
    const reason = new Error('no more')
    await assert.rejects(c.ask(add(1), { signal: AbortSignal.abort(reason) }), reason)
    assert.equal((await historyOf(c)).length, 1)
    const controller = new AbortController()
    const asked = c.ask(add(1), { until: () => false, signal: controller.signal })
    await rt.advance(0)
    controller.abort(reason)
    await assert.rejects(asked, reason)
    assert.equal((await c.getSnapshot())?.context.n, 1)
  })

  test('waits on over a crash', async () => {
    await using rt = await engineWorld([slow])
    const w = rt.actor(slow, 'w')
    const asked = w.ask({ type: 'POKE' }, { start: {}, until: s => s.matches('done') })
    await rt.advance(0)
    await rt.crash()
    await rt.advance(0)
    assert.equal((await asked).snapshot.context.result, 'done')
  })

  test('whose condition throws ends with that', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const mistake = new TypeError('in the condition')
    const until = () => {
      throw mistake
    }
    await assert.rejects(c.ask(add(1), { until }), mistake)
    await assert.rejects(c.waitFor(until), mistake)
  })
})

suite('waitFor and output', () => {
  test('find a state that is there already, and one that comes, born or not', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const coming = c.waitFor(s => s.context.n === 2)
    await c.send(add(1))
    await c.send(add(1))
    assert.equal((await coming).seq, 3)
    assert.equal((await c.waitFor(s => s.context.n === 2)).seq, 3)
  })

  test('time out', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const waits = [c.waitFor(() => false, { timeoutMs: 10 }), c.output({ timeoutMs: 10 })]
    const ends = waits.map(wait =>
      assert.rejects(wait, { code: 'Timeout', retryable: true, message: /counter\/c/ }),
    )
    await rt.advance(10)
    await Promise.all(ends)
  })

  test('the output of one that is done; of one that was ended, why there is none', async () => {
    await using rt = await engineWorld([counter])
    const [c, d] = [rt.actor(counter, 'c'), rt.actor(counter, 'd')]
    const coming = c.output()
    await c.send(add(3))
    await c.send({ type: 'STOP' })
    assert.deepEqual([await coming, await c.output()], [3, 3])
    await d.send(add(1))
    const never = assert.rejects(d.output(), { code: 'StepFailed', message: /counter\/d.*stopped/ })
    await d.terminate('enough')
    await never
  })
})

suite('terminate', () => {
  test('ends an actor where it is; nothing is handled after; twice is once', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send(add(1))
    await c.terminate('enough')
    await c.terminate('enough, I said')
    const { status, context, value } = (await c.getSnapshot())!
    assert.deepEqual([status, context.n, value], ['stopped', 1, 'counting'])
    const after = await c.ask(add(1))
    assert.deepEqual([after.handled, after.snapshot.context.n, after.snapshot.status], [false, 1, 'stopped'])
    await rt.crash()
    assert.equal((await c.getSnapshot())?.status, 'stopped')
    assert.equal((await c.getSnapshot({ atSeq: 2 }))?.status, 'active')
    assert.equal(JSON.parse(JSON.stringify(await c.getSnapshot())).status, 'stopped')
    const ends = (await historyOf(c)).filter(one => one.command.kind === 'operator')
    assert.equal(ends.length, 1)
    assert.equal((await c.start({ from: 1 })).created, false, 'its key is taken')
  })
})

suite('after a stop', () => {
  test('whoever waits is told at once, and whoever comes is refused: Unavailable', async () => {
    const rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send(add(1))
    const waiting = [c.waitFor(() => false), c.output(), c.ask(add(1), { until: () => false })].map(wait =>
      assert.rejects(wait, error => error instanceof UnavailableError),
    )
    await rt.advance(0)
    await rt.stop()
    await Promise.all(waiting)
    const calls = [
      () => c.send(add(1)),
      () => c.ask(add(1)),
      () => c.start({ from: 1 }),
      () => c.terminate('no'),
      () => c.getSnapshot(),
      () => c.select('n'),
      () => c.waitFor(() => true),
      () => c.output(),
      () => historyOf(c),
      async () => {
        for await (const _ of rt.list(counter)) break
      },
      async () => {
        for await (const _ of c.changes({ afterSeq: 0 })) break
      },
    ]
    for (const call of calls)
      await assert.rejects(call, error => {
        assert.ok(error instanceof UnavailableError, `${call}: ${error}`)
        assert.equal(error.retryable, true)
        return true
      })
    await rt.stop()
  })

  test('what was accepted before is applied, and answered', async () => {
    const rt = await engineWorld([counter], { batchCommandsMax: 7 })
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 })
    const sent = Array.from({ length: 50 }, () => c.ask(add(1)))
    await new Promise(setImmediate)
    await rt.engine.stop()
    const answers = await Promise.all(sent)
    assert.equal(answers.at(-1)?.snapshot.context.n, 50)
    await rt.stop()
  })
})

test('what a client does to a snapshot does not reach the actor', async () => {
  const machine = setup({
    types: { context: {} as { items: number[] }, events: {} as { type: 'PUSH' } },
  }).createMachine({
    id: 'list',
    context: { items: [] },
    on: { PUSH: { actions: assign({ items: ({ context }) => [...context.items, context.items.length] }) } },
  })
  const list = defineActor({
    machine,
    version: '1',
    selectors: { reversed: snapshot => snapshot.context.items.reverse() },
  })
  await using runtime = await createTestRuntime({ actors: [list] })
  const actor = runtime.actor(list, 'a')
  await actor.start(undefined)
  await actor.send({ type: 'PUSH' })
  const { snapshot } = await actor.ask({ type: 'PUSH' })
  snapshot.context.items.push(99)
  ;(await actor.getSnapshot())?.context.items.push(98)
  assert.deepEqual(await actor.select('reversed'), [1, 0])
  assert.deepEqual((await actor.getSnapshot())?.context.items, [0, 1])
})

test('what a client does to the tags it is shown reaches neither the actor nor its lists', async () => {
  const lamp = defineActor({
    machine: setup({ types: { tags: {} as 'lit' | 'broken', events: {} as { type: 'LOOK' } } }).createMachine(
      {
        id: 'lamp',
        initial: 'on',
        states: { on: { tags: ['lit'], on: { LOOK: {} } } },
      },
    ),
    version: '1',
    create: () => undefined,
  })
  await using rt = await engineWorld([lamp])
  const l = rt.actor(lamp, 'l')
  const { snapshot } = await l.ask({ type: 'LOOK' })
  snapshot.tags.add('broken')
  await l.send({ type: 'LOOK' })
  assert.deepEqual([...((await l.getSnapshot())?.tags ?? [])], ['lit'])
  for await (const { id } of rt.list(lamp, { tag: 'broken' })) assert.fail(id)
})
