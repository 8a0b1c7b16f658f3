/** Dead letters redriven and dropped: through the spine, once, and as they were meant. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, sendTo, setup } from 'xstate'
import type { LetterOrder } from '../../../actors/command.js'
import { LetterNotFoundError, NotBornError, StepFailedError } from '../../../actors/errors.js'
import { activity, asks, defineActor, ref } from '../../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { assertRefolds, crashFor, deadLetters, engineWorld, entriesAt } from '../../support/engine-world.js'

/** Whether the world's code is mended yet. What a bug is: it fails until somebody deploys. */
let mended = false
const work = () => {
  if (!mended) throw new RangeError('boom')
}

const machine = setup({
  types: {
    context: {} as { n: number; got: unknown },
    events: {} as { type: 'GO' } | { type: 'WORK' } | { type: 'WAIT' },
  },
  actors: { fetch: activity<string, undefined>(async () => 'fetched') },
}).createMachine({
  context: { n: 0, got: undefined },
  initial: 'idle',
  on: {
    GO: {
      actions: assign({
        n: ({ context }) => {
          work()
          return context.n + 1
        },
      }),
    },
  },
  states: {
    idle: { on: { WORK: 'working', WAIT: 'waiting' } },
    working: {
      invoke: {
        src: 'fetch',
        onDone: {
          target: 'idle',
          actions: assign({
            got: ({ event }) => {
              work()
              return event.output
            },
          }),
        },
      },
    },
    waiting: {
      after: {
        1000: {
          target: 'idle',
          actions: assign({
            got: () => {
              work()
              return 'rang'
            },
          }),
        },
      },
    },
  },
})
const fragile = defineActor({ type: 'fragile', machine, unhandled: 'ignore' })

const late = defineActor({
  type: 'late',
  machine: setup({ types: { context: {} as { n: number }, input: {} as number } }).createMachine({
    context: ({ input }) => {
      work()
      return { n: input }
    },
    on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  }),
  create: () => 40,
  selectors: { n: state => state.context.n },
})

const sender = defineActor({
  type: 'sender',
  machine: setup({}).createMachine({
    on: { TELL: { actions: sendTo(() => ref('late', 'told'), { type: 'ADD' }) } },
  }),
})

/** Waits for an answer, and for a child, and goes on without them when they fail. */
const dependent = defineActor({
  type: 'dependent',
  machine: setup({
    actors: {
      question: asks<{ type: 'ADD' }, number>('late', 'n'),
      child: setup({
        types: { context: {} as { n: number } },
      }).createMachine({
        context: () => {
          work()
          return { n: 1 }
        },
      }),
    },
  }).createMachine({
    initial: 'idle',
    states: {
      idle: { on: { ASK: 'asking', BEAR: 'bearing' } },
      asking: {
        invoke: {
          src: 'question',
          input: { key: 'k', event: { type: 'ADD' } },
          onDone: 'content',
          onError: 'resigned',
        },
      },
      bearing: { invoke: { id: 'child', src: 'child', onDone: 'content', onError: 'resigned' } },
      content: {},
      resigned: {},
    },
  }),
})

async function world() {
  mended = false
  return engineWorld([fragile, late, sender, dependent])
}
const settle = (rt: VirtualTimeRuntime, order: LetterOrder) => rt.engine.service.settleLetter(order)
const only = (rt: VirtualTimeRuntime) => {
  const letters = deadLetters(rt)
  assert.equal(letters.length, 1)
  return letters[0]!.id
}

suite('a dead letter redriven', () => {
  test('is stepped again, and gone for good: a second retry finds none', async () => {
    await using rt = await world()
    const one = rt.actor(fragile, 'a')
    await one.start(undefined)
    await assert.rejects(one.send({ type: 'GO' }, { id: 'go' }), StepFailedError)
    const letter = only(rt)
    mended = true
    const receipt = await settle(rt, { type: 'redrive', letter })
    assert.equal(receipt.handled, true)
    assert.equal((await one.getSnapshot())?.context.n, 1)
    assert.deepEqual(deadLetters(rt), [])
    await assert.rejects(settle(rt, { type: 'redrive', letter }), LetterNotFoundError)
    await assert.rejects(settle(rt, { type: 'drop', letter }), LetterNotFoundError)
    // Whoever sends it once more under its id hears what came of it in the end.
    assert.equal((await one.send({ type: 'GO' }, { id: 'go' })).duplicate, true)
    assert.equal((await one.getSnapshot())?.context.n, 1)
    assert.deepEqual(
      entriesAt(rt, 'fragile/a').map(({ command, outcome }) => [command.redriven, outcome]),
      [
        [undefined, 'applied'],
        [undefined, 'failed'],
        [letter, 'applied'],
      ],
    )
    assertRefolds(rt)
    await crashFor(rt, 10)
    assert.deepEqual(deadLetters(rt), [])
    assert.equal((await one.getSnapshot())?.context.n, 1)
  })

  test('that fails again leaves a new letter, which says what it was', async () => {
    await using rt = await world()
    const one = rt.actor(fragile, 'a')
    await one.start(undefined)
    await assert.rejects(one.send({ type: 'GO' }), StepFailedError)
    const first = only(rt)
    await assert.rejects(settle(rt, { type: 'redrive', letter: first }), StepFailedError)
    const second = only(rt)
    assert.notEqual(second, first)
    assert.equal(deadLetters(rt)[0]?.command.redriven, first)
    mended = true
    await settle(rt, { type: 'redrive', letter: second })
    assert.equal((await one.getSnapshot())?.context.n, 1)
    assertRefolds(rt)
  })

  test('two at once: one is done, the other finds it gone', async () => {
    await using rt = await world()
    const one = rt.actor(fragile, 'a')
    await one.start(undefined)
    await assert.rejects(one.send({ type: 'GO' }), StepFailedError)
    const letter = only(rt)
    mended = true
    const both = await Promise.allSettled([1, 2].map(() => settle(rt, { type: 'redrive', letter })))
    assert.deepEqual(both.map(one => one.status).sort(), ['fulfilled', 'rejected'])
    assert.equal((await one.getSnapshot())?.context.n, 1)
  })

  test("an activity's result reaches the task that was parked for it", async () => {
    await using rt = await world()
    const one = rt.actor(fragile, 'a')
    await one.start(undefined)
    await one.send({ type: 'WORK' })
    await rt.advance(0)
    assert.equal(deadLetters(rt)[0]?.command.kind, 'result')
    await crashFor(rt, 1_000)
    assert.equal((await one.getSnapshot())?.value, 'working')
    mended = true
    await settle(rt, { type: 'redrive', letter: only(rt) })
    const { value, context } = (await one.getSnapshot())!
    assert.deepEqual([value, context.got], ['idle', 'fetched'])
    assertRefolds(rt)
  })

  test('a timer rings, however late', async () => {
    await using rt = await world()
    const one = rt.actor(fragile, 'a')
    await one.start(undefined)
    await one.send({ type: 'WAIT' })
    await rt.advance(1_000)
    assert.equal(deadLetters(rt)[0]?.command.kind, 'timer')
    await rt.advance(5_000)
    mended = true
    await settle(rt, { type: 'redrive', letter: only(rt) })
    const { value, context } = (await one.getSnapshot())!
    assert.deepEqual([value, context.got], ['idle', 'rang'])
    assertRefolds(rt)
  })

  test('that nothing waits for any more is taken away, and says it did nothing', async () => {
    await using rt = await world()
    const one = rt.actor(fragile, 'a')
    await one.start(undefined)
    await one.send({ type: 'WAIT' })
    await rt.advance(1_000)
    const letter = only(rt)
    await one.terminate('enough')
    mended = true
    assert.equal((await settle(rt, { type: 'redrive', letter })).handled, false)
    assert.deepEqual(deadLetters(rt), [])
    assertRefolds(rt)
  })
})

for (const [event, about] of [
  ['ASK', 'an ask'],
  ['BEAR', "a child's birth"],
] as const)
  test(`the letter of ${about} whose asker went on without it does nothing when redriven`, async () => {
    await using rt = await world()
    const one = rt.actor(dependent, 'd')
    await one.start(undefined)
    await one.send({ type: event })
    await rt.advance(0)
    assert.equal((await one.getSnapshot())?.value, 'resigned')
    const letter = only(rt)
    mended = true
    assert.equal((await settle(rt, { type: 'redrive', letter })).handled, false)
    await rt.advance(0)
    assert.deepEqual(deadLetters(rt), [])
    assert.deepEqual(
      rt.engine.shard.journal.list({ limit: 10 }).map(({ address }) => address),
      ['dependent/d'],
    )
    assertRefolds(rt)
  })

suite('the letter of an actor that was never born', () => {
  test('gives birth when it is redriven', async () => {
    await using rt = await world()
    await assert.rejects(rt.actor(late, 'x').start(7), StepFailedError)
    const letter = only(rt)
    await assert.rejects(settle(rt, { type: 'redrive', letter }), StepFailedError)
    mended = true
    await settle(rt, { type: 'redrive', letter: only(rt) })
    assert.equal((await rt.actor(late, 'x').getSnapshot())?.context.n, 7)
    assert.deepEqual(deadLetters(rt), [])
    assertRefolds(rt)
  })

  test('is the message that would have given birth, and is applied after it', async () => {
    await using rt = await world()
    await rt.actor(sender, 's').start(undefined)
    await rt.actor(sender, 's').send({ type: 'TELL' })
    await rt.advance(0)
    assert.deepEqual(
      deadLetters(rt).map(({ command }) => command.kind),
      ['message'],
    )
    mended = true
    await settle(rt, { type: 'redrive', letter: only(rt) })
    assert.equal((await rt.actor(late, 'told').getSnapshot())?.context.n, 41)
    assertRefolds(rt)
  })

  test('can be dropped', async () => {
    await using rt = await world()
    await assert.rejects(rt.actor(late, 'x').start(7), StepFailedError)
    await settle(rt, { type: 'drop', letter: only(rt), reason: 'a typo' })
    await crashFor(rt, 10)
    assert.deepEqual(deadLetters(rt), [])
    const settled = [...rt.engine.shard.journal.commits(0)].flatMap(one => one.settledLetters)
    assert.deepEqual(
      settled.map(({ how, reason }) => [how, reason]),
      [['dropped', 'a typo']],
    )
    assert.equal(await rt.actor(late, 'x').getSnapshot(), undefined)
  })
})

test('a letter that is refused stays where it is', async () => {
  await using rt = await world()
  const { journal } = rt.engine.shard
  const command = {
    kind: 'message',
    commandId: 'm',
    target: 'fragile/nobody',
    event: { type: 'GO' },
  } as const
  await journal.append({
    first: journal.position + 1,
    at: 0,
    entries: [],
    records: [],
    pending: [],
    published: [],
    deadLetters: [{ position: 0, at: 0, command, error: { name: 'E', message: 'm' } }],
    settledLetters: [],
  })
  const letter = only(rt)
  await assert.rejects(settle(rt, { type: 'redrive', letter }), NotBornError)
  assert.equal(only(rt), letter)
  // Nor is it another actor's to settle.
  const order = { type: 'drop', letter } as const
  const settled = new Promise(settle => {
    rt.engine.shard.inbox.offer({
      command: { kind: 'operator', commandId: 'o', target: 'fragile/b', order },
      bytes: 1,
      settle,
    })
  })
  const answer = (await settled) as { ok: boolean; error: Error }
  assert.ok(!answer.ok && answer.error instanceof LetterNotFoundError)
  assert.equal(only(rt), letter)
})
