import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ActorRefFrom, assign, enqueueActions, sendParent, sendTo, setup, stopChild } from 'xstate'
import { activity, defineActor } from '../../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import type { SeenError } from '../../support/engine-worker.js'
import {
  assertRefolds,
  deadLetters,
  engineWorld,
  entriesAt,
  gate,
  historyOf,
} from '../../support/engine-world.js'

type KidEvent =
  | { type: 'TELL'; what: string }
  | { type: 'END' }
  | { type: 'BREAK' }
  | { type: 'FAIL' }
  | { type: 'WAIT' }

const answer = gate<string>()

/** Writes down what it is told, tells its parent, works, ends, breaks. */
const kid = setup({
  types: {
    input: {} as { name: string },
    context: {} as { name: string; told: readonly string[] },
    events: {} as KidEvent,
    output: {} as string,
  },
  actors: {
    work: activity<string>(() => answer.opened),
    fail: activity<string>(async () => Promise.reject(new Error('work failed')), { retry: { attempts: 1 } }),
  },
}).createMachine({
  id: 'kid',
  context: ({ input }) => {
    if (input.name === 'stillborn') throw new Error('never was')
    return { ...input, told: [] }
  },
  initial: 'listening',
  states: {
    listening: {
      on: {
        TELL: {
          actions: [
            assign({ told: ({ context, event }) => [...context.told, event.what] }),
            sendParent(({ context, event }) => ({ type: 'TOLD', by: context.name, what: event.what })),
          ],
        },
        END: 'ended',
        BREAK: {
          actions: assign((): never => {
            throw new Error('the step broke')
          }),
        },
        FAIL: 'failing',
        WAIT: 'working',
      },
      after: { 60000: 'ended' },
    },
    working: { invoke: { src: 'work', onDone: 'ended' } },
    failing: { invoke: { src: 'fail' } },
    ended: { type: 'final' },
  },
  output: ({ context }) => `${context.name}: ${context.told.join(' ')}`,
})

type ParentEvent =
  | { type: 'TO_KID'; event: KidEvent }
  | { type: 'TOLD'; by: string; what: string }
  | { type: 'LEAVE' }
  | { type: 'SPAWN'; name: string }
  | { type: 'DROP'; name: string }
  | { type: 'END' }

const parentMachine = setup({
  types: {
    input: {} as { name: string },
    context: {} as {
      name: string
      heard: readonly string[]
      output?: unknown
      error?: SeenError
      kids: Record<string, ActorRefFrom<typeof kid>>
    },
    events: {} as ParentEvent,
  },
  actors: { kid },
}).createMachine({
  id: 'parent',
  context: ({ input }) => ({ ...input, heard: [], kids: {} }),
  initial: 'raising',
  on: {
    TOLD: {
      actions: assign({ heard: ({ context, event }) => [...context.heard, `${event.by}: ${event.what}`] }),
    },
    SPAWN: {
      actions: assign({
        kids: ({ context, event, spawn }) => ({
          ...context.kids,
          [event.name]: spawn('kid', { id: event.name, input: { name: event.name } }),
        }),
      }),
    },
    DROP: {
      actions: enqueueActions(({ enqueue, context, event }) => {
        const child = context.kids[event.name]
        if (child !== undefined) enqueue(stopChild(child))
      }),
    },
    'xstate.done.actor.*': {},
  },
  states: {
    raising: {
      invoke: {
        src: 'kid',
        id: 'kid',
        input: ({ context }) => ({ name: context.name }),
        onDone: { target: 'proud', actions: assign({ output: ({ event }) => event.output }) },
        onError: { target: 'sad', actions: assign({ error: ({ event }) => event.error as SeenError }) },
      },
      entry: sendTo('kid', { type: 'TELL', what: 'hello' }),
      on: { TO_KID: { actions: sendTo('kid', ({ event }) => event.event) }, LEAVE: 'away' },
    },
    proud: {},
    sad: {},
    away: { on: { LEAVE: 'raising', END: 'over' } },
    over: { type: 'final' },
  },
})
const parent = defineActor({ machine: parentMachine, version: '1' })

async function raised(rt: VirtualTimeRuntime, name = 'ann') {
  const p = rt.actor(parent, 'p')
  await p.start({ name })
  await rt.advance(0)
  const tell = async (event: KidEvent) => {
    await p.send({ type: 'TO_KID', event })
    await rt.advance(0)
  }
  const kidStatus = (id = 'kid') => rt.engine.shard.journal.read(`parent/p/${id}`)?.record.status
  return { p, tell, kidStatus }
}

for (const batchCommandsMax of [512, 1])
  suite(`an invoked machine, in batches of ${batchCommandsMax}`, () => {
    const world = () => engineWorld([parent], { batchCommandsMax })

    test('talks with its parent, ends with an output, and has a history of its own', async () => {
      await using rt = await world()
      const { p, tell, kidStatus } = await raised(rt)
      await tell({ type: 'TELL', what: 'sit' })
      await rt.crash()
      await tell({ type: 'TELL', what: 'run' })
      assert.deepEqual((await p.getSnapshot())?.context.heard, ['ann: hello', 'ann: sit', 'ann: run'])
      await tell({ type: 'END' })
      const { value, context } = (await p.getSnapshot())!
      assert.deepEqual([value, context.output], ['proud', 'ann: hello sit run'])
      assert.equal(kidStatus(), 'done')
      assert.deepEqual(
        entriesAt(rt, 'parent/p/kid').map(one => [one.seq, one.command.kind, one.outcome]),
        [
          [1, 'operator', 'applied'],
          [2, 'message', 'applied'],
          [3, 'message', 'applied'],
          [4, 'message', 'applied'],
          [5, 'message', 'applied'],
        ],
      )
      assertRefolds(rt)
    })

    test('is stopped when its state is left, with its timers and its work; entered again it is another', async () => {
      await using rt = await world()
      const { p, tell, kidStatus } = await raised(rt)
      await tell({ type: 'WAIT' })
      const first = rt.engine.shard.journal.read('parent/p/kid')?.record
      assert.equal(first?.invocations.length, 1)
      await p.send({ type: 'LEAVE' })
      await rt.advance(0)
      assert.equal(kidStatus(), 'stopped')
      assert.equal(rt.engine.shard.host.runner.running, 0)
      await p.send({ type: 'LEAVE' })
      await rt.advance(0)
      assert.equal(kidStatus(), 'active')
      const second = rt.engine.shard.journal.read('parent/p/kid')?.record
      assert.notEqual(second?.incarnation, first?.incarnation)
      assert.ok((second?.seq ?? 0) > (first?.seq ?? 0), 'numbers of entries go on')
      await rt.advance(60_000)
      assert.equal((await p.getSnapshot())?.context.output, 'ann: hello')
      assertRefolds(rt)
    })

    test('whose step throws lives on, and its parent with it', async () => {
      await using rt = await world()
      const { p, tell, kidStatus } = await raised(rt)
      await tell({ type: 'BREAK' })
      assert.deepEqual([kidStatus(), (await p.getSnapshot())?.value], ['active', 'raising'])
      assert.equal(deadLetters(rt)[0]?.error.message, 'the step broke')
      await tell({ type: 'TELL', what: 'still here' })
      assert.equal((await p.getSnapshot())?.context.heard.at(-1), 'ann: still here')
      assertRefolds(rt)
    })

    test('that fails by an error nobody handles tells its parent', async () => {
      await using rt = await world()
      const { p, tell, kidStatus } = await raised(rt)
      await tell({ type: 'FAIL' })
      const { value, context } = (await p.getSnapshot())!
      assert.deepEqual([kidStatus(), value, context.error?.message], ['error', 'sad', 'work failed'])
      assertRefolds(rt)
    })

    test('that cannot be born is an error to its parent', async () => {
      await using rt = await world()
      const { p } = await raised(rt, 'stillborn')
      const { value, context } = (await p.getSnapshot())!
      assert.deepEqual([value, context.error?.message], ['sad', 'never was'])
      assert.equal(entriesAt(rt, 'parent/p/kid').length, 0)
      assertRefolds(rt)
    })

    test('ends when its root is terminated, and when its root ends', async () => {
      await using rt = await world()
      const { p, kidStatus } = await raised(rt)
      await p.terminate('enough')
      await rt.advance(0)
      assert.equal(kidStatus(), 'stopped')
      assert.equal((await p.getSnapshot())?.status, 'stopped')
      await rt.advance(120_000)
      assert.equal(kidStatus(), 'stopped')
      assertRefolds(rt)
    })
  })

suite('a spawned machine', () => {
  test('is found again after a crash by the reference kept in context, and stopped by it', async () => {
    await using rt = await engineWorld([parent])
    const { p, kidStatus } = await raised(rt)
    await p.send({ type: 'SPAWN', name: 'bob' })
    await p.send({ type: 'SPAWN', name: 'eve' })
    await rt.advance(0)
    await rt.crash()
    assert.deepEqual([kidStatus('bob'), kidStatus('eve')], ['active', 'active'])
    await p.send({ type: 'DROP', name: 'bob' })
    await rt.advance(0)
    assert.deepEqual([kidStatus('bob'), kidStatus('eve')], ['stopped', 'active'])
    await p.send({ type: 'LEAVE' })
    await p.send({ type: 'END' })
    await rt.advance(0)
    assert.deepEqual([kidStatus('eve'), (await p.getSnapshot())?.status], ['stopped', 'done'])
    assertRefolds(rt)
  })
})

suite('children of children', () => {
  const middle = setup({
    types: {
      events: {} as { type: 'TOLD'; what: string },
      context: {} as { told: string },
      output: {} as unknown,
    },
    actors: { kid },
  }).createMachine({
    id: 'middle',
    context: { told: '' },
    initial: 'raising',
    states: {
      raising: {
        invoke: {
          src: 'kid',
          id: 'kid',
          input: { name: 'deep' },
          onDone: { target: 'over', actions: assign({ told: ({ event }) => event.output }) },
        },
      },
      over: { type: 'final' },
    },
    output: ({ context }: { context: { told: string } }) => `middle of ${context.told}`,
  })
  const top = setup({ types: { context: {} as { output?: unknown } }, actors: { middle } }).createMachine({
    id: 'top',
    context: {},
    invoke: {
      src: 'middle',
      id: 'mid',
      onDone: { actions: assign({ output: ({ event }) => event.output }) },
    },
  })
  const definition = defineActor({ machine: top, version: '1' })

  test('live, are found after a crash, and hand their outputs up', async () => {
    await using rt = await engineWorld([definition])
    const t = rt.actor(definition, 't')
    await t.start(undefined)
    await rt.advance(0)
    await rt.crash()
    await rt.advance(60_000)
    assert.equal((await t.getSnapshot())?.context.output, 'middle of deep: ')
    assert.equal(rt.engine.shard.journal.read('top/t/mid/kid')?.record.status, 'done')
    assertRefolds(rt)
  })

  test('end with the root, all the way down', async () => {
    await using rt = await engineWorld([definition])
    const t = rt.actor(definition, 't')
    await t.start(undefined)
    await rt.advance(0)
    await t.terminate('enough')
    await rt.advance(0)
    for (const address of ['top/t', 'top/t/mid', 'top/t/mid/kid'])
      assert.equal(rt.engine.shard.journal.read(address)?.record.status, 'stopped', address)
    await rt.crash()
    await rt.advance(120_000)
    assert.equal((await historyOf(t)).length, 2)
  })
})

test('onSnapshot hears of each state of a child', async () => {
  const counting = setup({ types: { context: {} as { n: number } } }).createMachine({
    id: 'counting',
    context: { n: 0 },
    initial: 'on',
    states: {
      on: {
        after: {
          1000: { target: 'on', reenter: true, actions: assign({ n: ({ context }) => context.n + 1 }) },
        },
      },
    },
  })
  const machine = setup({
    types: { context: {} as { seen: readonly number[] } },
    actors: { counting },
  }).createMachine({
    id: 'watcher',
    context: { seen: [] },
    invoke: {
      src: 'counting',
      id: 'c',
      onSnapshot: {
        actions: assign({ seen: ({ context, event }) => [...context.seen, event.snapshot.context.n] }),
      },
    },
  })
  const watcher = defineActor({ machine, version: '1' })
  await using rt = await engineWorld([watcher])
  const w = rt.actor(watcher, 'w')
  await w.start(undefined)
  await rt.advance(2_000)
  await rt.crash()
  await rt.advance(1_000)
  assert.deepEqual((await w.getSnapshot())?.context.seen, [0, 1, 2, 3])
  assertRefolds(rt)
})
