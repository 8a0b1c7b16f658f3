import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, cancel, raise, sendTo, setup } from 'xstate'
import { defineActor, ref } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { assertRefolds, crashFor, deadLetters, engineWorld, historyOf } from '../../support/engine-world.js'

type Rung = { type: 'RING'; what: string }
type BellEvent =
  | Rung
  | { type: 'SET'; ms: number; what: string }
  | { type: 'TO'; key: string; ms: number }
  | { type: 'CANCEL' }
  | { type: 'BREAK_LATER'; ms: number }
  | { type: 'BREAK' }

/** Writes down what rang, and when by its own clock. */
const bellMachine = setup({
  types: { context: {} as { rung: readonly string[] }, events: {} as BellEvent },
}).createMachine({
  id: 'bell',
  context: { rung: [] },
  initial: 'first',
  on: {
    RING: {
      actions: assign({
        rung: ({ context, event }) => [...context.rung, `${event.what}@${Date.now() % 1e9}`],
      }),
    },
    SET: {
      actions: raise(({ event }) => ({ type: 'RING' as const, what: event.what }), {
        id: 'set',
        delay: ({ event }) => event.ms,
      }),
    },
    TO: {
      actions: sendTo(
        ({ event }) => ref<Rung>('bell', event.key),
        { type: 'RING', what: 'sent' },
        { id: 'to', delay: ({ event }) => event.ms },
      ),
    },
    CANCEL: { actions: [cancel('set'), cancel('to')] },
    BREAK_LATER: { actions: raise({ type: 'BREAK' }, { id: 'break', delay: ({ event }) => event.ms }) },
    BREAK: {
      actions: assign((): never => {
        throw new Error('broken bell')
      }),
    },
  },
  states: { first: { after: { 1000: 'second' } }, second: { after: { 1000: 'third' } }, third: {} },
})
const bell = defineActor({ machine: bellMachine, version: '1', create: () => undefined })
const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })

async function bellWorld(limits = {}) {
  const rt = await engineWorld([bell, counter], limits)
  const b = rt.actor(bell, 'b')
  await b.start(undefined)
  const t0 = rt.clock.now()
  const rung = async (key = 'b') => {
    const found = (await rt.actor(bell, key).getSnapshot())?.context.rung ?? []
    return found.map(one => {
      const [what, at] = one.split('@')
      return [what, Number(at) - (t0 % 1e9)]
    })
  }
  return { rt, b, rung }
}

suite('timers', () => {
  test('of states fire on time, not before, one after the other', async () => {
    const { rt, b } = await bellWorld()
    await using _ = rt
    await rt.advance(999)
    assert.equal((await b.getSnapshot())?.value, 'first')
    await rt.advance(1)
    assert.equal((await b.getSnapshot())?.value, 'second')
    await rt.advance(999)
    assert.equal((await b.getSnapshot())?.value, 'second')
    await rt.advance(1)
    assert.equal((await b.getSnapshot())?.value, 'third')
    const times = (await historyOf(b)).map(one => one.at)
    assert.deepEqual(
      times.map(at => at - times[0]!),
      [0, 1_000, 2_000],
    )
  })

  test('due at the same moment fire in the order they were set; those due before, before', async () => {
    const { rt, b, rung } = await bellWorld()
    await using _ = rt
    for (const [what, ms] of [
      ['a', 500],
      ['b', 300],
      ['c', 500],
      ['d', 300],
      ['e', 0],
    ] as const)
      await b.send({ type: 'SET', ms, what })
    await rt.advance(500)
    assert.deepEqual(await rung(), [
      ['e', 0],
      ['b', 300],
      ['d', 300],
      ['a', 500],
      ['c', 500],
    ])
    assertRefolds(rt)
  })

  test('go on over a crash', async () => {
    const { rt, b, rung } = await bellWorld()
    await using _ = rt
    await b.send({ type: 'SET', ms: 5_000, what: 'a' })
    await rt.advance(3_000)
    await rt.crash()
    await rt.advance(1_999)
    assert.deepEqual(await rung(), [])
    await rt.advance(1)
    assert.deepEqual(await rung(), [['a', 5_000]])
  })

  test('due while the process is down fire when it is back, in their order', async () => {
    const { rt, b, rung } = await bellWorld({ dueActorsPageMax: 2 })
    await using _ = rt
    await b.send({ type: 'SET', ms: 5_000, what: 'late' })
    await b.send({ type: 'SET', ms: 3_000, what: 'early' })
    for (const key of ['c', 'd', 'e']) await rt.actor(bell, key).send({ type: 'SET', ms: 4_000, what: key })
    await crashFor(rt, 60_000)
    await rt.advance(0)
    assert.deepEqual(await rung(), [
      ['early', 60_000],
      ['late', 60_000],
    ])
    for (const key of ['c', 'd', 'e']) assert.deepEqual(await rung(key), [[key, 60_000]])
    assertRefolds(rt)
  })

  test('reach another actor, which is born for it', async () => {
    const { rt, b, rung } = await bellWorld()
    await using _ = rt
    await b.send({ type: 'TO', key: 'other', ms: 700 })
    await rt.crash()
    await rt.advance(699)
    assert.equal(await rt.actor(bell, 'other').getSnapshot(), undefined)
    await rt.advance(1)
    assert.deepEqual(await rung('other'), [['sent', 700]])
  })

  test('that were cancelled do not fire; with one id, the newest goes first', async () => {
    const { rt, b, rung } = await bellWorld()
    await using _ = rt
    await b.send({ type: 'SET', ms: 100, what: 'old' })
    await b.send({ type: 'SET', ms: 50, what: 'new' })
    await b.send({ type: 'TO', key: 'other', ms: 100 })
    await b.send({ type: 'CANCEL' })
    await rt.advance(10_000)
    assert.deepEqual(await rung(), [['old', 100]])
    assert.equal(await rt.actor(bell, 'other').getSnapshot(), undefined)
  })

  test('on which the step throws do so once; the letter is kept and the actor lives', async () => {
    const { rt, b, rung } = await bellWorld()
    await using _ = rt
    await b.send({ type: 'BREAK_LATER', ms: 100 })
    await b.send({ type: 'SET', ms: 200, what: 'fine' })
    await rt.advance(150)
    await rt.crash()
    await rt.advance(10_000)
    assert.deepEqual(await rung(), [['fine', 200]])
    assert.deepEqual(
      deadLetters(rt).map(one => [one.command.kind, one.error.message]),
      [['timer', 'broken bell']],
    )
    assert.equal((await historyOf(b)).filter(one => one.outcome === 'failed').length, 1)
    assertRefolds(rt)
  })

  test('far away are reached in one leap, with all that is between', async () => {
    const { rt, b, rung } = await bellWorld()
    await using _ = rt
    for (let n = 1; n <= 20; n++) await b.send({ type: 'SET', ms: n * 50_000, what: `${n}` })
    await rt.advance(1_000_000)
    assert.deepEqual(
      await rung(),
      Array.from({ length: 20 }, (_, n) => [`${n + 1}`, (n + 1) * 50_000]),
    )
  })

  test('of many actors at once all fire, once', async () => {
    const { rt, rung } = await bellWorld({ dueActorsPageMax: 7, batchCommandsMax: 5 })
    await using _ = rt
    const keys = Array.from({ length: 40 }, (_, n) => `k-${n}`)
    await Promise.all(keys.map(key => rt.actor(bell, key).send({ type: 'SET', ms: 100, what: key })))
    await rt.advance(2_000)
    for (const key of keys) {
      assert.deepEqual(await rung(key), [[key, 100]])
      assert.equal((await rt.actor(bell, key).getSnapshot())?.value, 'third')
    }
  })

  test('are bounded in number: one too many fails the step that sets it', async () => {
    const { rt, b } = await bellWorld({ actorTimersMax: 3 })
    await using _ = rt
    await b.send({ type: 'SET', ms: 100, what: 'a' })
    await b.send({ type: 'SET', ms: 100, what: 'b' })
    await assert.rejects(b.send({ type: 'SET', ms: 100, what: 'c' }), {
      code: 'StepFailed',
      message: /more than 3 timers/,
    })
  })
})

suite('a delayed send', () => {
  test('is durable at once and stepped when its time comes', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const receipt = await c.send({ type: 'ADD', n: 1 }, { delayMs: 1_000, id: 'later' })
    assert.equal(receipt.duplicate, false)
    assert.equal((await c.send({ type: 'ADD', n: 1 }, { delayMs: 1_000, id: 'later' })).duplicate, true)
    await rt.crash()
    await rt.advance(999)
    assert.equal((await c.getSnapshot())?.context.n, 0)
    await rt.advance(1)
    assert.equal((await c.getSnapshot())?.context.n, 1)
    await rt.advance(60_000)
    assert.equal((await c.getSnapshot())?.context.n, 1)
    assertRefolds(rt)
  })

  test('does not outlive its actor', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 }, { delayMs: 1_000 })
    await c.send({ type: 'STOP' })
    const { length } = await historyOf(c)
    await rt.advance(60_000)
    assert.equal((await historyOf(c)).length, length)
  })
})
