import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, emit, raise, setup } from 'xstate'
import { PerdureError, StepFailedError } from '../../../actors/errors.js'
import { activity, defineActor } from '../../../runtime/index.js'
import { assertRefolds, deadLetters, engineWorld, historyOf } from '../../support/engine-world.js'

type Bad =
  | { type: 'THROW_ASSIGN' }
  | { type: 'THROW_GUARD' }
  | { type: 'LOOP' }
  | { type: 'RAISE_FOREVER' }
  | { type: 'GROW' }
  | { type: 'FUNCTION' }
  | { type: 'EMIT_FUNCTION' }
  | { type: 'EMIT_LARGE' }
  | { type: 'INVOKE_FUNCTION' }
  | { type: 'INVOKE_LARGE' }
  | { type: 'NAN_DELAY' }
  | { type: 'NAMELESS_DELAY' }
  | { type: 'FINE' }
  | { type: 'AGAIN' }

const boom = (): never => {
  throw Object.assign(new RangeError('boom'), { code: 'E_BOOM' })
}

const machine = setup({
  types: {
    context: {} as { n: number; held?: unknown },
    events: {} as Bad,
    emitted: {} as { type: 'E'; what: unknown },
  },
  actors: { work: activity<unknown, unknown>(async () => 'worked') },
  guards: { boom },
}).createMachine({
  id: 'fragile',
  context: { n: 0 },
  initial: 'whole',
  on: {
    THROW_ASSIGN: { actions: assign(boom) },
    THROW_GUARD: { guard: 'boom', actions: assign({ n: -1 }) },
    GROW: { actions: assign({ held: () => 'x'.repeat(2_000_000) }) },
    FUNCTION: { actions: assign({ held: () => () => 1 }) },
    EMIT_FUNCTION: { actions: [assign({ n: -1 }), emit({ type: 'E', what: () => 1 })] },
    EMIT_LARGE: { actions: [assign({ n: -1 }), emit({ type: 'E', what: 'x'.repeat(600_000) })] },
    NAN_DELAY: { actions: [assign({ n: -1 }), raise({ type: 'FINE' }, { delay: () => Number.NaN })] },
    NAMELESS_DELAY: {
      actions: [assign({ n: -1 }), raise({ type: 'FINE' }, { delay: 10, id: (() => 'late') as never })],
    },
    RAISE_FOREVER: { actions: raise({ type: 'AGAIN' }) },
    AGAIN: { actions: raise({ type: 'AGAIN' }) },
    FINE: { actions: assign({ n: ({ context }) => context.n + 1 }) },
  },
  states: {
    whole: { on: { LOOP: 'tick', INVOKE_FUNCTION: 'invokingFunction', INVOKE_LARGE: 'invokingLarge' } },
    tick: { always: { guard: () => true, target: 'tock' } },
    tock: { always: { guard: () => true, target: 'tick' } },
    invokingFunction: { invoke: { src: 'work', input: () => () => 1 } },
    invokingLarge: { invoke: { src: 'work', input: () => 'x'.repeat(600_000) } },
  },
})
const fragile = defineActor({ machine, version: '1', create: () => undefined })

const failures: Record<Exclude<Bad['type'], 'FINE' | 'AGAIN'>, RegExp> = {
  THROW_ASSIGN: /boom/,
  THROW_GUARD: /boom/,
  LOOP: /infinite|iterations|microsteps/i,
  RAISE_FOREVER: /infinite|iterations|microsteps/i,
  GROW: /fragile\/f: its state has \d+ bytes, at most 1048576/,
  FUNCTION: /held is a function/,
  EMIT_FUNCTION: /what is a function/,
  EMIT_LARGE: /an event it emits has \d+ bytes, at most 524288/,
  INVOKE_FUNCTION: /a function/,
  INVOKE_LARGE: /the input of '.*' has \d+ bytes, at most 524288/,
  NAN_DELAY: /delay.*NaN/,
  NAMELESS_DELAY: /id of the delayed 'FINE' is a function, expected a string/,
}

suite('a step that fails', () => {
  for (const [type, says] of Object.entries(failures))
    test(`by ${type}: a typed error, the state as before, an entry, a dead letter, and the actor lives`, async () => {
      await using rt = await engineWorld([fragile])
      const f = rt.actor(fragile, 'f')
      const emitted: unknown[] = []
      f.on('E', event => emitted.push(event))
      const before = (await f.ask({ type: 'FINE' })).snapshot
      await assert.rejects(f.ask({ type } as Bad, { id: 'bad' }), error => {
        assert.ok(error instanceof PerdureError && error instanceof StepFailedError)
        assert.deepEqual([error.code, error.retryable, error.actorId], ['StepFailed', false, 'fragile/f'])
        assert.match(error.message, /fragile\/f failed on entry 3: /)
        assert.match(error.message, says)
        return true
      })
      const after = (await f.getSnapshot())!
      assert.deepEqual([after.value, after.context, after.status], [before.value, before.context, 'active'])
      assert.deepEqual(
        (await historyOf(f)).map(one => one.outcome),
        ['applied', 'applied', 'failed'],
      )
      const [letter, ...more] = deadLetters(rt)
      assert.deepEqual([letter?.command.commandId, letter?.position, more], ['bad', 3, []])
      assert.match(letter?.error.message ?? '', says)
      assert.deepEqual(emitted, [])
      await rt.crash()
      assert.equal((await f.ask({ type: 'FINE' })).snapshot.context.n, 2)
      assert.equal(rt.calls('work').length, 0)
      assertRefolds(rt)
    })

  test('keeps the error’s name and code in the history', async () => {
    await using rt = await engineWorld([fragile])
    const f = rt.actor(fragile, 'f')
    await assert.rejects(f.send({ type: 'THROW_ASSIGN' }))
    assert.deepEqual((await historyOf(f)).at(-1)?.error, {
      name: 'RangeError',
      message: 'boom',
      code: 'E_BOOM',
    })
  })

  test('does not keep others in its batch from being applied', async () => {
    await using rt = await engineWorld([fragile])
    const f = rt.actor(fragile, 'f')
    const sent = await Promise.allSettled([
      f.ask({ type: 'FINE' }),
      f.ask({ type: 'GROW' }),
      f.ask({ type: 'FINE' }),
      f.ask({ type: 'LOOP' }),
      f.ask({ type: 'FINE' }),
    ])
    assert.deepEqual(
      sent.map(one => one.status === 'fulfilled' && one.value.snapshot.context.n),
      [1, false, 2, false, 3],
    )
  })
})

suite('a birth that fails', () => {
  const picky = setup({
    types: { input: {} as { how: string }, context: {} as { held: unknown }, events: {} as { type: 'PING' } },
  }).createMachine({
    id: 'picky',
    context: ({ input }) => {
      if (input.how === 'throw') throw new TypeError('not like this')
      if (input.how === 'function') return { held: () => 1 }
      if (input.how === 'large') return { held: 'x'.repeat(2_000_000) }
      return { held: input.how }
    },
    on: { PING: {} },
  })

  for (const [how, says] of [
    ['throw', /not like this/],
    ['function', /held is a function/],
    ['large', /its state has/],
  ] as const)
    test(`by ${how} leaves nobody behind, and a better one may follow`, async () => {
      const definition = defineActor({ machine: picky, version: '1' })
      await using rt = await engineWorld([definition])
      const p = rt.actor(definition, 'p')
      await assert.rejects(p.start({ how }, { id: 's' }), { code: 'StepFailed', message: says })
      await assert.rejects(p.send({ type: 'PING' }, { start: { how } }), {
        code: 'StepFailed',
        message: says,
      })
      assert.equal(await p.getSnapshot(), undefined)
      assert.deepEqual(await historyOf(p), [])
      assert.ok(deadLetters(rt).length >= 1)
      await rt.crash()
      const { created } = await p.start({ how: 'well' }, { id: 's' })
      assert.equal(created, true)
      assertRefolds(rt)
    })

  test('by what `create` throws or gives', async () => {
    for (const create of [
      () => {
        throw new Error('no such thing')
      },
      () => ({ how: (() => 1) as never }),
      () => ({ how: 'throw' }),
    ]) {
      const definition = defineActor({ machine: picky, version: '1', create })
      await using rt = await engineWorld([definition])
      const p = rt.actor(definition, 'p')
      await assert.rejects(p.send({ type: 'PING' }), { code: 'StepFailed' })
      assert.equal(await p.getSnapshot(), undefined)
    }
  })
})

test('a result on which the step throws is parked: it is not run again, and the actor goes on', async () => {
  const definition = defineActor({
    machine: setup({
      types: { context: {} as { n: number }, events: {} as { type: 'PING' } | { type: 'AGAIN' } },
      actors: { work: activity<string>(async () => 'fine') },
    }).createMachine({
      id: 'choosy',
      context: { n: 0 },
      initial: 'working',
      states: {
        working: {
          invoke: { src: 'work', onDone: { actions: assign(boom) } },
          on: {
            PING: { actions: assign({ n: ({ context }) => context.n + 1 }) },
            AGAIN: { target: 'working', reenter: true },
          },
        },
      },
    }),
    version: '1',
  })
  await using rt = await engineWorld([definition])
  const c = rt.actor(definition, 'c')
  await c.start(undefined)
  await rt.advance(60_000)
  await rt.crash()
  await rt.advance(3600_000)
  assert.equal(rt.calls('work').length, 1)
  assert.deepEqual(
    deadLetters(rt).map(one => one.command.kind),
    ['result'],
  )
  assert.equal((await c.ask({ type: 'PING' })).snapshot.context.n, 1)
  await c.send({ type: 'AGAIN' })
  await rt.advance(0)
  assert.equal(rt.calls('work').length, 2)
  assertRefolds(rt)
})
