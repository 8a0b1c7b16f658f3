import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  InvalidEventError,
  InvalidKeyError,
  NotBornError,
  NotHandledError,
  PerdureError,
  TooLargeError,
  UnknownTypeError,
} from '../../../actors/errors.js'
import { type ActorHandle, defineActor } from '../../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { type CounterEvent, counterMachine } from '../../support/engine-counter.js'
import { deadLetters, engineWorld, historyOf } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', selectors: { n: s => s.context.n } })
const strict = defineActor({ machine: counterMachine, version: '1', type: 'strict', unhandled: 'refuse' })
const stranger = defineActor({ machine: counterMachine, version: '1', type: 'stranger' })

type Counter = ActorHandle<typeof counterMachine, typeof counter.selectors>
type ErrorClass = new (...args: never[]) => PerdureError

interface Expected {
  readonly is: ErrorClass
  readonly code: string
  /** What the message must name. */
  readonly says: readonly RegExp[]
  readonly retryable?: boolean
}

async function refused(promise: Promise<unknown>, { is, code, says, retryable = false }: Expected) {
  await assert.rejects(promise, error => {
    assert.ok(error instanceof PerdureError && error instanceof is, String(error))
    assert.equal(error.code, code)
    assert.equal(error.retryable, retryable)
    for (const pattern of says) assert.match(error.message, pattern)
    return true
  })
}

/** A counter at 1 that must be as it was once `bad` is over. */
async function unharmed(bad: (c: Counter, rt: VirtualTimeRuntime) => Promise<void>) {
  await using rt = await engineWorld([counter, strict])
  const c = rt.actor(counter, 'c-1')
  await c.start({ from: 1 })
  const [before, position] = [await c.getSnapshot(), rt.engine.shard.journal.position]
  await bad(c, rt)
  assert.deepEqual(JSON.stringify(await c.getSnapshot()), JSON.stringify(before))
  assert.equal((await historyOf(c)).length, 1)
  assert.equal(rt.engine.shard.journal.position, position)
  assert.deepEqual(deadLetters(rt), [])
  assert.equal((await c.ask({ type: 'ADD', n: 1 })).snapshot.context.n, 2)
}

const event = (value: unknown) => value as CounterEvent

suite('who is not there', () => {
  test('a type this runtime was not given is named beside those it was', async () => {
    await using rt = await engineWorld([counter, strict])
    const unknown = {
      is: UnknownTypeError,
      code: 'NotFound',
      says: [/'stranger'/, /'counter', 'strict'/],
    }
    await refused(
      Promise.resolve().then(() => rt.actor(stranger, 'k')),
      unknown,
    )
    await refused(rt.list(stranger)[Symbol.asyncIterator]().next(), unknown)
  })

  test('keys that cannot be one', async () => {
    await using rt = await engineWorld([counter])
    const bad: [unknown, RegExp][] = [
      ['', /empty/],
      ['k'.repeat(257), /256.*257/],
      ['ä'.repeat(43), /256.*258/],
      ['a\uD800b', /lone surrogate/],
      [7, /number/],
      [undefined, /undefined/],
    ]
    for (const [key, says] of bad)
      await refused(
        Promise.resolve().then(() => rt.actor(counter, key as string)),
        {
          is: InvalidKeyError,
          code: 'InvalidEvent',
          says: [/bad key/, says],
        },
      )
    assert.equal(rt.actor(counter, 'k'.repeat(256)).id, `counter/${'k'.repeat(256)}`)
    assert.equal(rt.actor(counter, 'a/b c').id, 'counter/a%2Fb%20c')
  })

  test('an actor that was never born is not found, whatever is wanted of it', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'nobody')
    const notBorn = { is: NotBornError, code: 'NotFound', says: [/counter\/nobody/, /never started/] }
    await refused(c.send({ type: 'ADD', n: 1 }), notBorn)
    await refused(c.send({ type: 'ADD', n: 1 }, { delayMs: 5 }), notBorn)
    await refused(c.ask({ type: 'ADD', n: 1 }), notBorn)
    await refused(c.select('n'), notBorn)
    await refused(c.terminate('why not'), notBorn)
    assert.equal(await c.getSnapshot(), undefined)
    assert.equal(rt.engine.shard.journal.position, 0)
  })
})

suite('what no event can be', () => {
  const notEvents: [string, unknown, RegExp][] = [
    ['nothing', undefined, /undefined/],
    ['null', null, /null/],
    ['a string', 'ADD', /string/],
    ['a number', 3, /3/],
    ['a function', () => {}, /function/],
    ['an array', [{ type: 'ADD' }], /array/],
    ['no type', { n: 1 }, /type.*undefined/],
    ['an empty type', { type: '' }, /type/],
    ['a type that is no string', { type: 7 }, /7/],
    ['XState’s own type', { type: 'xstate.done.actor.x' }, /'xstate.done.actor.x', which is reserved/],
    ['the engine’s own type', { type: '$start' }, /'\$start', which is reserved/],
    ['a function inside', { type: 'ADD', n: () => 1 }, /n is a function/],
    ['a symbol inside', { type: 'ADD', deep: [{ here: Symbol('s') }] }, /deep.*here.*symbol/],
    ['an instance of a class', { type: 'ADD', n: new (class Weird {})() }, /Weird/],
    ['a promise', { type: 'ADD', n: Promise.resolve(1) }, /Promise/],
    ['itself inside', cyclic(), /deep|nest|circular|itself/],
  ]
  for (const [what, value, found] of notEvents)
    test(what, () =>
      unharmed(async c => {
        const expected = { is: InvalidEventError, code: 'InvalidEvent', says: [/counter\/c-1/, found] }
        await refused(c.send(event(value)), expected)
        await refused(c.ask(event(value)), expected)
      }),
    )

  test('one over the size allowed says both sizes', () =>
    unharmed(async c => {
      const tooLarge = {
        is: TooLargeError,
        code: 'InvalidEvent',
        says: [/counter\/c-1/, /the event/, /524288/],
      }
      await refused(c.send({ type: 'NOTE', text: 'x'.repeat(600_000) }), tooLarge)
      await refused(c.send({ type: 'ADD', n: 1 }, { start: { from: 'x'.repeat(600_000) as never } }), {
        ...tooLarge,
        says: [/the input/, /524288/],
      })
    }))

  test('what may nest as deep as an event may, the journal takes too', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'deep')
    await c.start({ from: 0 })
    let deep: unknown = 1
    let accepted = 0
    for (let depth = 1; depth <= 520; depth++) {
      deep = { deep }
      if (depth < 480) continue
      const sent = c.send(event({ type: 'ADD', n: 1, deep }))
      accepted += await sent.then(
        () => 1,
        error => {
          assert.ok(error instanceof InvalidEventError, String(error))
          return 0
        },
      )
    }
    assert.equal((await c.getSnapshot())?.context.n, accepted)
    assert.ok(accepted > 0 && accepted < 41)
    await rt.crash()
    assert.equal((await historyOf(c)).length, accepted + 1)
  })
})

suite('options that cannot be meant', () => {
  test('command ids', () =>
    unharmed(async c => {
      for (const [id, found] of [
        [7, /7/],
        ['', /string/],
        [{}, /object/],
        [null, /null/],
        ['i'.repeat(257), /256.*257/],
      ] as const) {
        const expected = {
          is: InvalidKeyError,
          code: 'InvalidEvent',
          says: [/command id/, found],
        }
        await refused(c.send({ type: 'ADD', n: 1 }, { id: id as string }), expected)
        await refused(c.ask({ type: 'ADD', n: 1 }, { id: id as string }), expected)
        await refused(c.start({ from: 1 }, { id: id as string }), expected)
      }
    }))

  test('waits', () =>
    unharmed(async (c, rt) => {
      const max = rt.engine.service.limits.waitMsMax
      for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY, max + 1, '5' as never, null as never]) {
        const expected = {
          is: InvalidEventError,
          code: 'InvalidEvent',
          says: [/counter\/c-1/, /between 0 and/],
        }
        await refused(c.ask({ type: 'ADD', n: 1 }, { timeoutMs: ms }), expected)
        await refused(
          c.waitFor(() => true, { timeoutMs: ms }),
          expected,
        )
        await refused(c.output({ timeoutMs: ms }), expected)
        await refused(c.send({ type: 'ADD', n: 1 }, { delayMs: ms }), expected)
      }
    }))

  test('a selector nobody has', () =>
    unharmed(async c => {
      for (const name of ['m', 'toString', '__proto__'])
        await refused(c.select(name as 'n'), {
          is: InvalidEventError,
          code: 'InvalidEvent',
          says: [/counter\/c-1/, /a selector of counter: n/, new RegExp(name)],
        })
    }))

  test('a reason to terminate that is no text, or a book', () =>
    unharmed(async c => {
      await refused(c.terminate({} as string), {
        is: InvalidEventError,
        code: 'InvalidEvent',
        says: [/counter\/c-1/, /reason/],
      })
      await refused(c.terminate('x'.repeat(600_000)), {
        is: TooLargeError,
        code: 'InvalidEvent',
        says: [/counter\/c-1/, /reason/],
      })
    }))
})

suite('what the state does not handle', () => {
  test('is applied without effect, and the answer says so', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c-1')
    await c.start({ from: 1 })
    const { handled, snapshot } = await c.ask(event({ type: 'NONSENSE' }))
    assert.equal(handled, false)
    assert.equal(snapshot.context.n, 1)
    assert.deepEqual((await historyOf(c)).at(-1)?.outcome, 'unhandled')
  })

  test('is refused where the definition says so', async () => {
    await using rt = await engineWorld([strict])
    const s = rt.actor(strict, 's-1')
    await s.start({ from: 1 })
    await refused(s.ask(event({ type: 'NONSENSE' })), {
      is: NotHandledError,
      code: 'NotHandled',
      says: [/strict\/s-1/, /'NONSENSE'/, /"counting"/],
    })
    assert.equal((await historyOf(s)).length, 1)
    await s.ask({ type: 'STOP' })
    await refused(s.send({ type: 'ADD', n: 1 }), {
      is: NotHandledError,
      code: 'NotHandled',
      says: [/"stopped"/],
    })
  })
})

function cyclic(): object {
  const itself: Record<string, unknown> = { type: 'ADD' }
  itself.again = itself
  return itself
}
