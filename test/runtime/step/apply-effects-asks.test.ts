import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import { asks, defineActor } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import type { SeenError } from '../../support/engine-worker.js'
import { assertRefolds, crashFor, deadLetters, engineWorld, historyOf } from '../../support/engine-world.js'

const counter = defineActor({
  machine: counterMachine,
  version: '1',
  create: () => ({ from: 100 }),
  selectors: {
    n: s => s.context.n,
    size: s => 'x'.repeat(s.context.n),
    bad: (): number => {
      throw new TypeError('no selection')
    },
    fn: s => () => s.context.n,
  },
})
const closed = defineActor({
  machine: counterMachine,
  version: '1',
  type: 'closed',
  selectors: { n: s => s.context.n },
})
const strict = defineActor({
  machine: counterMachine,
  version: '1',
  type: 'strict',
  unhandled: 'refuse',
  create: () => ({ from: 0 }),
  selectors: { n: s => s.context.n },
})

/** An actor that asks once, when it is born. */
function askerOf(type: string, selector: string, options?: { timeoutMs?: number }) {
  const machine = setup({
    types: {
      input: {} as { key: unknown; event: unknown },
      context: {} as { key: unknown; event: unknown; answer?: unknown; error?: SeenError },
    },
    actors: { ask: asks<{ type: string }, unknown>(type, selector, options) },
  }).createMachine({
    id: 'asker',
    context: ({ input }) => input,
    initial: 'asking',
    states: {
      asking: {
        invoke: {
          src: 'ask',
          input: ({ context }: { context: { key: unknown; event: unknown } }) => context as never,
          onDone: { target: 'answered', actions: assign({ answer: ({ event }) => event.output }) },
          onError: { target: 'refused', actions: assign({ error: ({ event }) => event.error as SeenError }) },
        },
      },
      answered: {},
      refused: {},
    },
  })
  return defineActor({ machine, version: '1' })
}

async function asked(type: string, selector: string, event: unknown, key: unknown = 'k') {
  const asker = askerOf(type, selector)
  await using rt = await engineWorld([asker, counter, closed, strict])
  const a = rt.actor(asker, 'a')
  await a.start({ key, event })
  await rt.advance(0)
  const { value, context } = (await a.getSnapshot())!
  assertRefolds(rt)
  return { value, ...context, letters: deadLetters(rt), target: await rt.actor(counter, 'k').getSnapshot() }
}

suite('a machine asks', () => {
  test('an actor that is born for it, and hears what the selector says after the event', async () => {
    const { value, answer } = await asked('counter', 'n', { type: 'ADD', n: 5 })
    assert.deepEqual([value, answer], ['answered', 105])
  })

  test('an actor that does not handle the event, and is answered', async () => {
    const { answer } = await asked('counter', 'n', { type: 'WHAT' })
    assert.equal(answer, 100)
  })

  const failing: [string, Parameters<typeof asked>, string, RegExp, letters: number][] = [
    [
      'an actor never born',
      ['closed', 'n', { type: 'ADD', n: 1 }],
      'NotFound',
      /closed\/k was never started/,
      1,
    ],
    ['a type nobody knows', ['ghost', 'n', { type: 'ADD' }], 'NotFound', /ghost/, 1],
    [
      'with a selector nobody has',
      ['counter', 'm', { type: 'ADD', n: 1 }],
      'StepFailed',
      /no selector 'm'.*n, size, bad, fn/,
      1,
    ],
    ['and the selector throws', ['counter', 'bad', { type: 'ADD', n: 1 }], 'StepFailed', /no selection/, 1],
    [
      'and the selection cannot be kept',
      ['counter', 'fn', { type: 'ADD', n: 1 }],
      'StepFailed',
      /function/,
      1,
    ],
    [
      'and the selection is too large',
      ['counter', 'size', { type: 'ADD', n: 600_000 }],
      'StepFailed',
      /at most 524288/,
      1,
    ],
    ['and the step throws', ['counter', 'n', { type: 'BREAK', why: 'broken' }], 'StepFailed', /broken/, 1],
    [
      'an actor that refuses the event',
      ['strict', 'n', { type: 'WHAT' }],
      'NotHandled',
      /strict\/k.*WHAT/,
      1,
    ],
    ['with a reserved event', ['counter', 'n', { type: 'xstate.stop' }], 'StepFailed', /reserved/, 1],
  ]
  for (const [what, args, code, says, letters] of failing)
    test(`${what}: a typed error, nothing changed, a dead letter`, async () => {
      const result = await asked(...args)
      assert.equal(result.value, 'refused')
      assert.equal(result.error?.code, code)
      assert.match(result.error?.message ?? '', says)
      assert.equal(result.letters.length, letters)
      assert.equal(result.target?.context.n ?? 100, 100)
    })

  test('with what is no question', async () => {
    for (const [key, event, says] of [
      [7, { type: 'ADD' }, /string key, found number/],
      ['', { type: 'ADD' }, /bad key.*empty/],
      ['k', 'ADD', /event with a type, found string/],
      ['k', null, /event with a type/],
      ['k', { n: 1 }, /event with a type/],
    ] as const) {
      const { value, error, letters } = await asked('counter', 'n', event, key)
      assert.equal(value, 'refused')
      assert.match(error?.message ?? '', says)
      assert.deepEqual(letters, [])
    }
  })
})

suite('asks that go round', () => {
  type Dial = { type: 'DIAL'; way: readonly string[] } | { type: 'PING' }
  const machine = setup({
    types: {
      context: {} as { heard: number; way: readonly string[]; answers: number; error?: SeenError },
      events: {} as Dial,
    },
    actors: { next: asks<Dial, number>('caller', 'heard') },
  }).createMachine({
    id: 'caller',
    context: { heard: 0, way: [], answers: 0 },
    initial: 'idle',
    on: { PING: { actions: assign({ heard: ({ context }) => context.heard + 1 }) } },
    states: {
      idle: {
        on: {
          DIAL: {
            target: 'calling',
            actions: assign({ heard: ({ context }) => context.heard + 1, way: ({ event }) => event.way }),
          },
        },
      },
      calling: {
        invoke: {
          src: 'next',
          input: ({ context }) => {
            const [key = '', ...way] = context.way
            return { key, event: way.length === 0 ? { type: 'PING' } : { type: 'DIAL', way } }
          },
          onDone: { target: 'idle', actions: assign({ answers: ({ context }) => context.answers + 1 }) },
          onError: { target: 'idle', actions: assign({ error: ({ event }) => event.error as SeenError }) },
        },
      },
    },
  })
  const caller = defineActor({
    machine,
    version: '1',
    create: () => undefined,
    selectors: { heard: s => s.context.heard },
  })

  test('an actor may ask itself', async () => {
    await using rt = await engineWorld([caller])
    const a = rt.actor(caller, 'a')
    await a.ask({ type: 'DIAL', way: ['a'] }, { until: s => s.context.answers === 1 })
    assert.deepEqual((await a.getSnapshot())?.context, { heard: 2, way: ['a'], answers: 1 })
  })

  test('so may several in a circle, over a crash, with batches of one', async () => {
    for (const batchCommandsMax of [512, 1]) {
      await using rt = await engineWorld([caller], { batchCommandsMax })
      const a = rt.actor(caller, 'a')
      await a.send({ type: 'DIAL', way: ['b', 'c', 'a'] })
      await rt.crash()
      await rt.advance(0)
      for (const key of ['a', 'b', 'c']) {
        const { value, context } = (await rt.actor(caller, key).getSnapshot())!
        assert.deepEqual([value, context.answers, context.error], ['idle', 1, undefined], key)
      }
      assert.equal((await a.getSnapshot())?.context.heard, 2)
      assertRefolds(rt)
    }
  })
})

test('an ask whose deadline passes while the process is down fails with Timeout; the late answer is dropped', async () => {
  const asker = askerOf('counter', 'n', { timeoutMs: 5_000 })
  await using rt = await engineWorld([asker, counter], { batchCommandsMax: 1 })
  const a = rt.actor(asker, 'a')
  await a.start({ key: 'k', event: { type: 'ADD', n: 1 } })
  // The question is committed, the answer is not.
  assert.ok((await a.getSnapshot())?.matches('asking'))
  await crashFor(rt, 60_000)
  await rt.advance(0)
  const { value, context } = (await a.getSnapshot())!
  const outcomes = (await historyOf(a)).flatMap(({ command }) =>
    command.kind === 'result' ? [command.outcome] : [],
  )
  assert.equal(outcomes.length, 1, 'one of the two')
  if (value === 'refused') assert.equal(context.error?.code, 'Timeout')
  else assert.equal(context.answer, 101)
  assert.equal((await rt.actor(counter, 'k').getSnapshot())?.context.n, 101, 'what was asked is done once')
  assertRefolds(rt)
})
