import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, enqueueActions, log, sendTo, setup } from 'xstate'
import { StepFailedError } from '../../../actors/errors.js'
import { activity, defineActor, ref } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import {
  assertRefolds,
  deadLetters,
  engineWorld,
  historyOf,
  listeningLogger,
} from '../../support/engine-world.js'

type Note = { type: 'NOTE'; text: string }

const writer = defineActor({
  machine: setup({
    types: {
      events: {} as
        | { type: 'WRITE'; from: number; to: number; key: string }
        | { type: 'RESERVED'; key: string },
    },
  }).createMachine({
    id: 'writer',
    on: {
      WRITE: {
        actions: enqueueActions(({ enqueue, event }) => {
          for (let n = event.from; n < event.to; n++)
            enqueue.sendTo(ref<Note>('counter', event.key), { type: 'NOTE', text: `${n}` })
        }),
      },
      RESERVED: {
        actions: sendTo(({ event }) => ref<{ type: string }>('counter', event.key), { type: 'xstate.stop' }),
      },
    },
  }),
  version: '1',
  create: () => undefined,
})
const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
const closed = defineActor({ machine: counterMachine, version: '1', type: 'closed' })
const toClosed = defineActor({
  machine: setup({ types: { events: {} as { type: 'GO' } } }).createMachine({
    id: 'lost',
    on: {
      GO: {
        actions: [
          sendTo(() => ref<Note>('closed', 'nobody'), { type: 'NOTE', text: 'lost' }),
          sendTo(() => ref<Note>('ghost', 'nobody'), { type: 'NOTE', text: 'lost' }),
          sendTo(() => ref<Note>('counter', 'there'), { type: 'NOTE', text: 'found' }),
        ],
      },
    },
  }),
  version: '1',
  create: () => undefined,
})

suite('what actors send each other', () => {
  for (const batchCommandsMax of [1, 3, 512])
    test(`arrives once and in order over crashes, in batches of ${batchCommandsMax}`, async () => {
      await using rt = await engineWorld([writer, counter], { batchCommandsMax })
      const w = rt.actor(writer, 'w')
      for (let from = 0; from < 60; from += 20) {
        await w.send({ type: 'WRITE', from, to: from + 20, key: 'c' })
        await rt.crash()
      }
      await rt.advance(0)
      const { context } = (await rt.actor(counter, 'c').getSnapshot())!
      assert.deepEqual(
        context.notes,
        Array.from({ length: 60 }, (_, n) => `${n}`),
      )
      assertRefolds(rt)
    })

  test('to one never born, or of a type nobody knows, is kept as a dead letter, and holds nobody up', async () => {
    await using rt = await engineWorld([toClosed, closed, counter])
    await rt.actor(toClosed, 'l').send({ type: 'GO' })
    await rt.advance(0)
    await rt.crash()
    assert.deepEqual(
      deadLetters(rt).map(one => [one.command.target, one.command.sender, one.error.code]),
      [
        ['closed/nobody', 'lost/l', 'NotFound'],
        ['ghost/nobody', 'lost/l', 'NotFound'],
      ],
    )
    assert.deepEqual((await rt.actor(counter, 'there').getSnapshot())?.context.notes, ['found'])
    assert.equal(await rt.actor(closed, 'nobody').getSnapshot(), undefined)
  })

  test('under a reserved name fails the step that sends it', async () => {
    await using rt = await engineWorld([writer, counter])
    await assert.rejects(rt.actor(writer, 'w').send({ type: 'RESERVED', key: 'c' }), {
      code: 'StepFailed',
      message: /xstate.stop.*reserved/,
    })
    assert.equal(deadLetters(rt).length, 1)
    assert.equal(await rt.actor(counter, 'c').getSnapshot(), undefined)
  })
})

suite('actors that talk without end', () => {
  const player = defineActor({
    machine: setup({
      types: {
        context: {} as { hits: number; stopped: boolean },
        events: {} as { type: 'BALL'; to: string; back: string } | { type: 'STOP' },
      },
    }).createMachine({
      id: 'player',
      context: { hits: 0, stopped: false },
      on: {
        BALL: {
          guard: ({ context }) => !context.stopped,
          actions: [
            assign({ hits: ({ context }) => context.hits + 1 }),
            sendTo(
              ({ event }) => ref<{ type: 'BALL'; to: string; back: string }>('player', event.to),
              ({ event }) => ({ type: 'BALL', to: event.back, back: event.to }),
            ),
          ],
        },
        STOP: { actions: assign({ stopped: true }) },
      },
    }),
    version: '1',
    create: () => undefined,
  })
  const worker = defineActor({
    machine: setup({
      types: { context: {} as { left: number } },
      actors: { work: activity(async () => 'done', {}) },
    }).createMachine({
      id: 'worker',
      context: { left: 20 },
      initial: 'working',
      states: {
        working: {
          invoke: {
            src: 'work',
            onDone: [
              {
                guard: ({ context }) => context.left > 0,
                target: 'working',
                reenter: true,
                actions: assign({ left: ({ context }) => context.left - 1 }),
              },
              { target: 'done' },
            ],
          },
        },
        done: { after: { 1: 'rung' } },
        rung: {},
      },
    }),
    version: '1',
  })

  test('do not starve those from outside, nor activities, nor timers', async () => {
    await using rt = await engineWorld([player, counter, worker], { batchCommandsMax: 16 })
    const serve = { type: 'BALL', to: 'b', back: 'a' } as const
    for (let pair = 0; pair < 20; pair++) await rt.actor(player, 'a').send(serve)
    const workers = Array.from({ length: 5 }, (_, n) => rt.actor(worker, `w-${n}`))
    const c = rt.actor(counter, 'c')
    for (const w of workers) await w.start(undefined)
    for (let n = 0; n < 50; n++) await c.send({ type: 'ADD', n: 1 })
    assert.equal((await c.getSnapshot())?.context.n, 50)
    for (const w of workers) while (!(await w.getSnapshot())?.matches('done')) await new Promise(setImmediate)
    await rt.actor(player, 'a').send({ type: 'STOP' })
    await rt.actor(player, 'b').send({ type: 'STOP' })
    await rt.advance(1)
    for (const w of workers) assert.equal((await w.getSnapshot())?.value, 'rung')
    const hits = (await rt.actor(player, 'a').getSnapshot())?.context.hits ?? 0
    assert.ok(hits > 100, `${hits} hits meanwhile`)
    assertRefolds(rt)
  })

  // In batches as large as may be a slice departs alone whenever none flies: its own share of it is for those from outside.
  for (const { bounds, busyOnes } of [
    { bounds: { batchCommandsMax: 8 }, busyOnes: 20 },
    { bounds: {}, busyOnes: 300 },
  ])
    test(`nor do they starve those from outside together with ${busyOnes} activities that never cease`, async () => {
      const busy = defineActor({
        machine: setup({ actors: { work: activity(async () => 'done') } }).createMachine({
          id: 'busy',
          initial: 'working',
          states: { working: { invoke: { src: 'work', onDone: { target: 'working', reenter: true } } } },
        }),
        version: '1',
      })
      await using rt = await engineWorld([player, counter, busy], bounds)
      await rt.actor(player, 'a').send({ type: 'BALL', to: 'b', back: 'a' })
      const workers = Array.from({ length: busyOnes }, (_, n) => rt.actor(busy, `w-${n}`))
      await Promise.all(workers.map(w => w.start(undefined)))
      const c = rt.actor(counter, 'c')
      let answered = 0
      const asked = Array.from({ length: 10 }, () =>
        c.ask({ type: 'ADD', n: 1 }).then(
          () => answered++,
          () => {},
        ),
      )
      for (let turn = 0; turn < 2_000 && answered < 10; turn++) await new Promise(setImmediate)
      const inTime = answered
      rt.engine.shard.host.kill()
      await Promise.all(asked)
      assert.equal(inTime, 10)
    })
})

suite('custom actions', () => {
  const acting = (act: () => void | Promise<void>) =>
    defineActor({
      machine: setup({
        types: { context: {} as { n: number }, events: {} as { type: 'ACT' } },
        actions: { act },
      }).createMachine({
        id: 'acting',
        context: { n: 0 },
        on: { ACT: { actions: [assign({ n: ({ context }) => context.n + 1 }), 'act'] } },
      }),
      version: '1',
      create: () => undefined,
    })

  test('run once, after the commit, and not again when the history is folded', async () => {
    const seen: number[] = []
    const probe = { position: () => 0 }
    const definition = acting(() => void seen.push(probe.position()))
    await using rt = await engineWorld([definition])
    probe.position = () => rt.engine.shard.journal.position
    const a = rt.actor(definition, 'a')
    await a.ask({ type: 'ACT' }, { id: 'x' })
    await a.ask({ type: 'ACT' }, { id: 'x' })
    await rt.crash()
    await a.getSnapshot({ atSeq: 1 })
    assertRefolds(rt)
    assert.deepEqual(seen, [2])
  })

  for (const [how, act] of [
    [
      'throw',
      () => {
        throw new Error('in an action')
      },
    ],
    ['reject', () => Promise.reject(new Error('in an action'))],
  ] as const)
    test(`that ${how} harm nobody`, async () => {
      const definition = acting(act)
      const logger = listeningLogger()
      await using rt = await engineWorld([definition], {}, logger)
      const a = rt.actor(definition, 'a')
      await a.send({ type: 'ACT' })
      assert.equal((await a.ask({ type: 'ACT' })).snapshot.context.n, 2)
      assert.ok((await historyOf(a)).every(one => one.outcome === 'applied'))
      assert.deepEqual(logger.said, ['a custom action failed', 'a custom action failed'])
    })
})

suite('a message that would give birth', () => {
  const door = defineActor({
    machine: setup({ types: { events: {} as { type: 'OPEN' } | { type: 'LOCK' } } }).createMachine({
      id: 'door',
      initial: 'shut',
      states: { shut: { on: { OPEN: 'open' } }, open: { on: { LOCK: 'shut' } } },
    }),
    version: '1',
    create: () => undefined,
    unhandled: 'refuse',
  })

  test('and is refused leaves nobody born', async () => {
    await using rt = await engineWorld([door])
    const d = rt.actor(door, 'd')
    await assert.rejects(d.send({ type: 'LOCK' }), { code: 'NotHandled' })
    assert.equal(await d.getSnapshot(), undefined)
    const { snapshot } = await d.ask({ type: 'OPEN' })
    assert.deepEqual([snapshot.value, snapshot.seq], ['open', 2])
    assertRefolds(rt)
  })
})

test('a machine may log what cannot be stored, as often as it likes', async () => {
  class Handle {}
  const talker = defineActor({
    machine: setup({
      types: { context: {} as { n: number }, events: {} as { type: 'TALK' } },
    }).createMachine({
      id: 'talker',
      context: { n: 0 },
      on: {
        TALK: {
          actions: [assign({ n: ({ context }) => context.n + 1 }), log(() => [new Handle(), () => 1])],
        },
      },
    }),
    version: '1',
    create: () => undefined,
  })
  await using rt = await engineWorld([talker], { digestEvery: 1 })
  const t = rt.actor(talker, 't')
  for (let n = 1; n <= 3; n++) assert.equal((await t.ask({ type: 'TALK' })).snapshot.context.n, n)
  assertRefolds(rt)
})

test('a record is bounded with all that its timers hold, and a batch in bytes', async () => {
  const machine = setup({ types: { events: {} as { type: 'KEEP'; text: string } } }).createMachine({
    id: 'keeper',
    on: { KEEP: {} },
  })
  const keeper = defineActor({ machine, version: '1', create: () => undefined })
  await using rt = await engineWorld([keeper], { recordBytesMax: 100_000, commitBytesMax: 50_000 })
  const keep = (key: string) =>
    rt.actor(keeper, key).send({ type: 'KEEP', text: 'x'.repeat(30_000) }, { delayMs: 60_000 })
  const keys = Array.from({ length: 10 }, (_, index) => `k-${index}`)
  for (let round = 0; round < 3; round++) await Promise.all(keys.map(keep))
  const error = await keep('k-0').catch((thrown: unknown) => thrown)
  assert.ok(error instanceof StepFailedError)
  assert.match(error.message, /keeper\/k-0: its record has \d+ bytes, at most 100000 are allowed/)

  // No commit gathered much more than it may; what was kept is still there after a crash, and comes to pass.
  const sizes = [...rt.engine.shard.journal.commits(0)].map(commit => commit.entries.length)
  assert.ok(Math.max(...sizes) < 2 * keys.length, `${sizes}`)
  await rt.crash()
  await rt.advance(60_000)
  await keep('k-0')
  assertRefolds(rt)
})
