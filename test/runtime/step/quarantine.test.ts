import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, sendTo, setup } from 'xstate'
import { QuarantinedError } from '../../../actors/errors.js'
import { activity, asks, defineActor, ref } from '../../../runtime/index.js'
import {
  assertRefolds,
  crashFor,
  deadLetters,
  engineWorld,
  entriesAt,
  gate,
} from '../../support/engine-world.js'

type Told = { type: 'TOLD'; n: number }

/** Writes down what it is told, has a timer, a child and works. */
function worldOf(work: (call: { attempt: number }) => Promise<string>, once = false) {
  const kid = setup({ types: { context: {} as { n: number }, events: {} as Told } }).createMachine({
    id: 'kid',
    context: { n: 0 },
    on: { TOLD: { actions: assign({ n: ({ event }) => event.n }) } },
  })
  const till = defineActor({
    machine: setup({
      types: {
        context: {} as { log: readonly unknown[] },
        events: {} as
          | Told
          | { type: 'WORK' }
          | { type: 'BEAR' }
          | { type: 'KID'; n: number }
          | { type: 'RING' },
      },
      actors: { kid, work: activity<string>(work, once ? { once } : {}) },
    }).createMachine({
      id: 'till',
      context: { log: [] },
      initial: 'idle',
      on: {
        TOLD: { actions: assign({ log: ({ context, event }) => [...context.log, event.n] }) },
        RING: { actions: assign({ log: ({ context }) => [...context.log, 'rang'] }) },
      },
      states: {
        idle: { on: { WORK: 'working', BEAR: 'bearing' } },
        working: {
          invoke: {
            src: 'work',
            onDone: {
              target: 'idle',
              actions: assign({ log: ({ context, event }) => [...context.log, event.output] }),
            },
            onError: {
              target: 'idle',
              actions: assign({ log: ({ context, event }) => [...context.log, event.error] }),
            },
          },
        },
        bearing: {
          invoke: { src: 'kid', id: 'kid' },
          on: { KID: { actions: sendTo('kid', ({ event }) => ({ type: 'TOLD', n: event.n })) } },
        },
      },
    }),
    version: '1',
    create: () => undefined,
    selectors: { count: s => s.context.log.length },
  })
  return { till, teller: tellerOf() }
}

/** Tells the till, and asks it. */
function tellerOf() {
  return defineActor({
    machine: setup({
      types: {
        context: {} as { heard: unknown },
        events: {} as { type: 'TELL'; n: number } | { type: 'ASK' },
      },
      actors: { ask: asks<Told, number>('till', 'count') },
    }).createMachine({
      id: 'teller',
      context: { heard: undefined },
      initial: 'idle',
      on: {
        TELL: { actions: sendTo(ref<Told>('till', 't'), ({ event }) => ({ type: 'TOLD', n: event.n })) },
      },
      states: {
        idle: { on: { ASK: 'asking' } },
        asking: {
          invoke: {
            src: 'ask',
            input: { key: 't', event: { type: 'TOLD', n: 99 } },
            onDone: { target: 'idle', actions: assign({ heard: ({ event }) => event.output }) },
            onError: { target: 'idle', actions: assign({ heard: ({ event }) => event.error }) },
          },
        },
      },
    }),
    version: '1',
    create: () => undefined,
  })
}

const AT = { address: 'till/t' }
const WHY = { ...AT, reason: 'differs' }
const never = () => new Promise<never>(() => {})

suite('a quarantined actor', () => {
  test('refuses who asks, keeps what nobody waits for, and goes on in order once it is released', async () => {
    const { till, teller } = worldOf(never)
    await using rt = await engineWorld([till, teller])
    const { api } = rt.engine
    const t = rt.actor(till, 't')
    const other = rt.actor(teller, 'o')
    await t.send({ type: 'TOLD', n: 1 }, { id: 'one' })
    const receipt = await api.quarantine(WHY)
    assert.equal(receipt.position, 3)
    await assert.rejects(t.ask({ type: 'TOLD', n: 2 }), (error: QuarantinedError) => {
      assert.ok(error instanceof QuarantinedError)
      assert.deepEqual(
        [error.code, error.retryable, error.actorId, error.details],
        ['Unavailable', false, 'till/t', { quarantined: 'differs' }],
      )
      return true
    })
    assert.equal((await t.ask({ type: 'TOLD', n: 1 }, { id: 'one' })).duplicate, true, 'what it did it knows')
    for (const n of [3, 4]) await other.send({ type: 'TELL', n })
    await other.send({ type: 'ASK' })
    await rt.advance(0)
    const heard = (await other.getSnapshot())?.context.heard
    assert.equal((heard as { name: string } | undefined)?.name, 'QuarantinedError')

    await crashFor(rt, 1_000)
    const shown = await api.get(AT)
    assert.deepEqual(shown?.context, { log: [1] })
    assert.equal(shown?.status, 'active')
    assert.equal(shown?.quarantine?.held, 2)
    assert.deepEqual(
      (await api.list({ quarantined: true })).map(({ id, quarantined }) => [id, quarantined]),
      [['till/t', true]],
    )
    assert.deepEqual(
      (await api.list({ quarantined: false })).map(({ id, quarantined }) => [id, quarantined]),
      [['teller/o', undefined]],
    )
    assert.equal(await api.count({ quarantined: true }), 1)

    await api.release(AT)
    await t.send({ type: 'TOLD', n: 5 })
    assert.deepEqual((await t.getSnapshot())?.context.log, [1, 3, 4, 5])
    assert.equal((await api.get(AT))?.quarantine, undefined)
    assert.equal(await api.count({ quarantined: true }), 0)
    assert.deepEqual(
      entriesAt(rt, 'till/t').map(({ outcome }) => outcome),
      ['applied', 'applied', 'applied', 'held', 'held', 'applied', 'applied', 'applied', 'applied'],
    )
    assertRefolds(rt)
  })

  test('its timers rest and fire once it is released; an order given twice is one', async () => {
    const { till, teller } = worldOf(never)
    await using rt = await engineWorld([till, teller])
    const { api } = rt.engine
    const t = rt.actor(till, 't')
    await t.send({ type: 'RING' }, { delayMs: 1_000 })
    await api.quarantine(WHY)
    await api.quarantine({ ...AT, reason: 'again' })
    assert.equal((await api.get(AT))?.quarantine?.reason, 'differs')
    await rt.advance(5_000)
    await crashFor(rt, 1_000)
    await rt.advance(5_000)
    assert.deepEqual((await t.getSnapshot())?.context.log, [])
    await api.release(AT)
    await api.release(AT)
    await rt.advance(0)
    assert.deepEqual((await t.getSnapshot())?.context.log, ['rang'])
    assertRefolds(rt)
  })

  for (const once of [false, true])
    test(`a result that comes meanwhile is kept over a crash, and nothing runs again (once: ${once})`, async () => {
      const result = gate<string>()
      const { till, teller } = worldOf(() => result.opened, once)
      await using rt = await engineWorld([till, teller])
      const { api } = rt.engine
      const t = rt.actor(till, 't')
      await t.send({ type: 'WORK' })
      await rt.advance(0)
      await api.quarantine(WHY)
      result.open('done')
      await rt.advance(0)
      assert.equal((await api.get(AT))?.quarantine?.held, 1)
      await rt.crash()
      await rt.advance(1_000)
      await api.release(AT)
      await rt.advance(1_000)
      assert.deepEqual((await t.getSnapshot())?.context.log, ['done'])
      assert.deepEqual(
        rt.calls('work').map(({ attempt }) => attempt),
        [1],
      )
      assertRefolds(rt)
    })

  test('an attempt lost with its process is counted, and made again only after the release', async () => {
    const { till, teller } = worldOf(({ attempt }) => (attempt === 1 ? never() : Promise.resolve('second')))
    await using rt = await engineWorld([till, teller])
    const { api } = rt.engine
    const t = rt.actor(till, 't')
    await t.send({ type: 'WORK' })
    await rt.advance(0)
    await api.quarantine(WHY)
    await rt.crash()
    await rt.advance(1_000)
    assert.deepEqual(
      rt.calls('work').map(({ attempt }) => attempt),
      [1],
    )
    await api.release(AT)
    await rt.advance(0)
    assert.deepEqual((await t.getSnapshot())?.context.log, ['second'])
    assertRefolds(rt)
  })

  test('rests with its children, and goes on with them', async () => {
    const { till, teller } = worldOf(never)
    await using rt = await engineWorld([till, teller])
    const { api } = rt.engine
    const t = rt.actor(till, 't')
    await t.send({ type: 'BEAR' })
    await t.send({ type: 'KID', n: 1 })
    await api.quarantine(WHY)
    const kid = { address: 'till/t/kid' }
    await assert.rejects(api.tell({ ...kid, event: { type: 'TOLD', n: 2 } }), QuarantinedError)
    await assert.rejects(api.quarantine({ ...kid, reason: 'alone' }), { code: 'InvalidEvent' })
    await api.release(AT)
    await api.tell({ ...kid, event: { type: 'TOLD', n: 3 } })
    assert.deepEqual((await api.get(kid))?.context, { n: 3 })
    assertRefolds(rt)
  })

  test('holds so many and no more: what comes then is a dead letter; ended, it keeps nothing', async () => {
    const { till, teller } = worldOf(never)
    await using rt = await engineWorld([till, teller], { heldCommandsMax: 2 })
    const { api } = rt.engine
    const t = rt.actor(till, 't')
    await t.send({ type: 'TOLD', n: 0 })
    await api.quarantine(WHY)
    for (const n of [1, 2, 3]) await rt.actor(teller, 'o').send({ type: 'TELL', n })
    const [letter, ...more] = deadLetters(rt)
    assert.deepEqual([letter?.error.name, more], ['QuarantinedError', []])
    await assert.rejects(api.retryDeadLetter({ id: letter!.id }), QuarantinedError)
    await t.terminate('enough')
    assert.equal((await api.get(AT))?.quarantine, undefined)
    assert.deepEqual(
      entriesAt(rt, 'till/t')
        .slice(-3)
        .map(({ outcome }) => outcome),
      ['applied', 'unhandled', 'unhandled'],
    )
    await assert.rejects(api.quarantine({ address: 'till/nobody', reason: 'x' }), { code: 'NotFound' })
    assertRefolds(rt)
  })
})
