import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, type PromiseActorLogic, setup } from 'xstate'
import {
  type ActivityArguments,
  type ActivityOptions,
  activity,
  asks,
  each,
} from '../../../machines/index.js'
import { defineActor } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { assertRefolds, engineWorld, historyOf } from '../../support/engine-world.js'

type Run = (call: ActivityArguments<unknown, { type: string }>) => Promise<unknown>
type Results = PromiseSettledResult<unknown>[]

function fanOf(run: Run, options: ActivityOptions & { concurrency?: number } = {}) {
  const { concurrency, ...policy } = options
  const of = activity<unknown, unknown>(run, policy)
  return fan(each(of, concurrency === undefined ? {} : { concurrency }))
}

/** An actor that runs `many`, whatever its items are. */
function fan(many: object) {
  const machine = setup({
    types: {
      input: {} as unknown,
      context: {} as { items: unknown; results?: Results; error?: { message: string } },
      events: {} as { type: 'LEAVE' },
    },
    actors: { many: many as PromiseActorLogic<Results, readonly unknown[]> },
  }).createMachine({
    id: 'fan',
    context: ({ input }) => ({ items: input }),
    initial: 'working',
    states: {
      working: {
        invoke: {
          src: 'many',
          id: 'many',
          input: ({ context }: { context: { items: unknown } }) => context.items as unknown[],
          onDone: { target: 'done', actions: assign({ results: ({ event }) => event.output }) },
          onError: {
            target: 'failed',
            actions: assign({ error: ({ event }) => event.error as { message: string } }),
          },
        },
        on: { LEAVE: 'left' },
      },
      done: {},
      failed: {},
      left: {},
    },
  })
  return defineActor({ machine, version: '1' })
}

const hang = () => new Promise<never>(() => {})

suite('each', () => {
  test('settles every item in the order of its input, failures among them', async () => {
    const tries = new Map<number, number>()
    const definition = fanOf(
      async ({ input }) => {
        const n = input as number
        const tried = (tries.get(n) ?? 0) + 1
        tries.set(n, tried)
        if (n % 4 === 0) throw Object.assign(new Error(`no ${n}`), { code: 'FOUR' })
        if (n % 3 === 0 && tried < 3) throw new Error('again')
        return n * 10
      },
      { retry: { attempts: 3 } },
    )
    await using rt = await engineWorld([definition])
    const f = rt.actor(definition, 'f')
    await f.start([5, 4, 3, 2, 8, 1])
    await rt.advance(60_000)
    const results = (await f.getSnapshot())?.context.results ?? []
    assert.deepEqual(
      results.map(one => (one.status === 'fulfilled' ? one.value : { ...(one.reason as object) })),
      [
        50,
        { name: 'Error', message: 'no 4', code: 'FOUR' },
        30,
        20,
        { name: 'Error', message: 'no 8', code: 'FOUR' },
        10,
      ],
    )
    assert.deepEqual([...tries].sort(), [
      [1, 1],
      [2, 1],
      [3, 3],
      [4, 3],
      [5, 1],
      [8, 3],
    ])
    const keys = new Set(rt.calls('many').map(call => call.idempotencyKey))
    assert.equal(keys.size, 6, 'a key an item')
    assertRefolds(rt)
  })

  test('works on no more at once than it may', async () => {
    let [running, most] = [0, 0]
    const definition = fanOf(
      async () => {
        most = Math.max(most, ++running)
        await new Promise(setImmediate)
        running--
      },
      { concurrency: 3 },
    )
    await using rt = await engineWorld([definition])
    const f = rt.actor(definition, 'f')
    await f.start(Array.from({ length: 20 }, (_, n) => n))
    await rt.advance(0)
    assert.equal((await f.getSnapshot())?.value, 'done')
    assert.equal(most, 3)
    assert.equal(rt.calls('many').length, 20)
  })

  test('of nothing is nothing, over a crash too', async () => {
    const definition = fanOf(hang)
    for (const batchCommandsMax of [512, 1]) {
      await using rt = await engineWorld([definition], { batchCommandsMax })
      const f = rt.actor(definition, 'f')
      await f.start([])
      await rt.crash()
      await rt.advance(0)
      assert.deepEqual((await f.getSnapshot())?.context.results, [])
      assertRefolds(rt)
    }
  })

  test('does not do again after a crash what is done', async () => {
    let hanging = true
    const definition = fanOf(({ input }) =>
      (input as number) % 2 === 1 && hanging ? hang() : Promise.resolve(input),
    )
    await using rt = await engineWorld([definition])
    const f = rt.actor(definition, 'f')
    await f.start([0, 1, 2, 3, 4, 5])
    await rt.advance(0)
    hanging = false
    await rt.crash()
    await rt.advance(0)
    assert.equal((await f.getSnapshot())?.value, 'done')
    const attemptsOf = (n: number) =>
      rt.calls<number>('many').flatMap(call => (call.input === n ? [call.attempt] : []))
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(attemptsOf), [[1], [1, 2], [1], [1, 2], [1], [1, 2]])
    assertRefolds(rt)
  })

  test('that is left aborts all it runs and begins no more', async () => {
    const signals: AbortSignal[] = []
    const definition = fanOf(
      ({ signal }) => {
        signals.push(signal)
        return hang()
      },
      { concurrency: 2 },
    )
    await using rt = await engineWorld([definition])
    const f = rt.actor(definition, 'f')
    await f.start([1, 2, 3, 4])
    await rt.advance(0)
    await f.send({ type: 'LEAVE' })
    await rt.advance(60_000)
    assert.deepEqual(
      signals.map(signal => signal.aborted),
      [true, true],
    )
  })

  test('once each: what a crash interrupted is unknown, what was queued still runs, nothing runs twice', async () => {
    const calls: unknown[] = []
    const definition = fanOf(
      ({ input }) => {
        calls.push(input)
        return input === 'hang' ? hang() : Promise.resolve('ran')
      },
      { concurrency: 1, once: true },
    )
    await using rt = await engineWorld([definition])
    const f = rt.actor(definition, 'f')
    await f.start(['hang', 'next'])
    await rt.advance(0)
    await rt.crash()
    await rt.advance(0)
    const [first, second] = (await f.getSnapshot())?.context.results ?? []
    assert.equal(first?.status === 'rejected' && (first.reason as { code: string }).code, 'OutcomeUnknown')
    assert.deepEqual(second, { status: 'fulfilled', value: 'ran' })
    assert.deepEqual(calls, ['hang', 'next'])
    assertRefolds(rt)
  })

  test('of what is no array, or of too many, fails the step', async () => {
    const definition = fanOf(hang)
    await using rt = await engineWorld([definition], { eachItemsMax: 3 })
    await assert.rejects(rt.actor(definition, 'a').start('text'), {
      code: 'StepFailed',
      message: /'many' wants an array as its input, found string/,
    })
    await assert.rejects(rt.actor(definition, 'b').start([1, 2, 3, 4]), {
      code: 'StepFailed',
      message: /'many' was given 4 items, at most 3/,
    })
    assert.equal(await rt.actor(definition, 'b').getSnapshot(), undefined)
  })
})

test('each over asks: every answer and every refusal in its place, three at a time', async () => {
  const counter = defineActor({
    machine: counterMachine,
    version: '1',
    create: key => {
      if (key === 'cursed') throw new Error('never born')
      return { from: Number(key) }
    },
    selectors: { n: s => s.context.n },
  })
  const definition = fan(each(asks<{ type: 'ADD'; n: number }, number>('counter', 'n'), { concurrency: 3 }))
  await using rt = await engineWorld([definition, counter], { batchCommandsMax: 2 })
  const f = rt.actor(definition, 'f')
  const keys = ['1', '2', 'cursed', '4', '', '6']
  await f.start(keys.map(key => ({ key, event: { type: 'ADD', n: 1 } })))
  await rt.crash()
  await rt.advance(0)
  const results = (await f.getSnapshot())?.context.results ?? []
  const shown = results.map(one =>
    one.status === 'fulfilled' ? one.value : (one.reason as { message: string }).message,
  )
  assert.deepEqual([shown[0], shown[1], shown[3], shown[5]], [2, 3, 5, 7])
  assert.match(String(shown[2]), /never born/)
  assert.match(String(shown[4]), /bad key/)
  assert.equal((await historyOf(rt.actor(counter, '1'))).length, 2)
  assertRefolds(rt)
})
