/** What a client beside its engine does, besides what the contract of clients says. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import { defineActor } from '../../../runtime/index.js'
import { createTestRuntime } from '../../../runtime/testing/index.js'
import { type CounterEvent, counterMachine } from '../../support/engine-counter.js'
import { engineWorld, historyOf, listeningLogger } from '../../support/engine-world.js'

const counter = defineActor({
  machine: counterMachine,
  version: '1',
  create: () => ({ from: 0 }),
  selectors: { at: (_, nowMs) => nowMs },
})
const add = (n: number): CounterEvent => ({ type: 'ADD', n })

suite('a handle beside its engine', () => {
  test('started several times at one moment, gives birth once', async () => {
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

  test('whose selector asks the time is told the engine’s', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 })
    await rt.advance(1_234)
    assert.equal(await c.select('at'), rt.clock.now())
  })

  test('hears every event from its call on, over a crash, beside a listener that throws', async () => {
    const logger = listeningLogger()
    await using rt = await engineWorld([counter], {}, logger)
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
    assert.deepEqual(logger.said, ['a listener threw', 'a listener threw'])
  })

  test('sends nothing once its signal has come', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 })
    const reason = new Error('no more')
    await assert.rejects(c.ask(add(1), { signal: AbortSignal.abort(reason) }), reason)
    assert.equal((await historyOf(c)).length, 1)
  })

  test('that waits for an output is told that its actor was ended', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 })
    const never = assert.rejects(c.output(), { code: 'StepFailed', message: /counter\/c.*stopped/ })
    await c.terminate('enough')
    await never
  })

  test('is answered what was accepted before a stop', async () => {
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
