/**
 * activity, asks, each and ref: what they tell the runtime, and how they run where there is none.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createActor, fromPromise, fromTransition, setup, toPromise } from 'xstate'
import { SetupError } from '../../actors/errors.js'
import { limits } from '../../actors/limits.js'
import type { ActivityCall, ActivitySource, Source } from '../../actors/logic.js'
import { Reference } from '../../actors/reference.js'
import {
  type ActivityOptions,
  activity,
  asks,
  defineActor,
  each,
  machineLogic,
  ref,
} from '../../machines/index.js'

function sourceOf(logic: object): Source {
  const machine = setup({ actors: { it: logic as ReturnType<typeof fromPromise> } }).createMachine({})
  const source = machineLogic(machine).source('it')
  assert.ok(source)
  return source
}

function activityOf(logic: object): ActivitySource {
  const source = sourceOf(logic)
  assert.ok(source.kind === 'activity')
  return source
}

function call(input: unknown): ActivityCall & { heard: unknown[] } {
  const heard: unknown[] = []
  const signal = new AbortController().signal
  return {
    input,
    signal,
    attempt: 3,
    idempotencyKey: 'key',
    token: 'token',
    elsewhere: () => new Promise<never>(() => {}),
    lastHeartbeat: 'page 2',
    heard,
    heartbeat: details => heard.push(details),
    emit: live => heard.push(live),
  }
}

test('an activity carries its policy, completed from the defaults', () => {
  assert.deepEqual(activityOf(activity(async () => 1)).policy, {
    attempts: limits.retryAttempts,
    initialMs: limits.retryInitialMs,
    factor: limits.retryFactor,
    maxMs: limits.retryMaxMs,
    nonRetryable: [],
    attemptMs: limits.attemptMs,
    overallMs: limits.overallMs,
    heartbeatMs: 0,
    once: false,
    queue: undefined,
  })
  const options = {
    retry: { attempts: 3, initialMs: 5, factor: 1, maxMs: 10, nonRetryable: ['CardDeclined'] },
    attemptMs: 100,
    overallMs: 200,
    heartbeatMs: 50,
    queue: 'gpu',
  }
  const { retry, ...rest } = options
  assert.deepEqual(activityOf(activity(async () => 1, options)).policy, { ...retry, ...rest, once: false })
  assert.equal(activityOf(activity(async () => 1, { once: true })).policy.attempts, 1)
  assert.equal(activityOf(activity(async () => 1, { retry: { initialMs: 120_000 } })).policy.maxMs, 120_000)
})

test('an activity is called with all a call has', async () => {
  const { run } = activityOf(
    activity(
      async ({
        input,
        attempt,
        idempotencyKey,
        lastHeartbeat,
        heartbeat,
        emit,
        signal,
      }: {
        input: number
        attempt: number
        idempotencyKey: string
        lastHeartbeat?: unknown
        heartbeat(details?: unknown): void
        emit(live: { type: string }): void
        signal: AbortSignal
      }) => {
        heartbeat('page 3')
        emit({ type: 'token' })
        return [input, attempt, idempotencyKey, lastHeartbeat, signal.aborted]
      },
    ),
  )
  const given = call(7)
  assert.deepEqual(await run(given), [7, 3, 'key', 'page 2', false])
  assert.deepEqual(given.heard, ['page 3', { type: 'token' }])
})

const bad: readonly [options: unknown, message: RegExp][] = [
  [{ retry: { attempts: 0 } }, /retry\.attempts: expected an integer of at least 1, found 0/],
  [{ retry: { attempts: 1.5 } }, /retry\.attempts: expected an integer/],
  [{ retry: { attempts: '3' } }, /retry\.attempts: expected an integer/],
  [{ retry: { initialMs: -1 } }, /retry\.initialMs: expected a number of at least 0/],
  [{ retry: { factor: 0.5 } }, /retry\.factor: expected a number of at least 1/],
  [{ retry: { factor: Number.NaN } }, /retry\.factor/],
  [
    { retry: { maxMs: 10, initialMs: 20 } },
    /retry\.maxMs: expected at least retry\.initialMs \(20\), found 10/,
  ],
  [
    { retry: { nonRetryable: 'CardDeclined' } },
    /retry\.nonRetryable: expected an array of error names or codes/,
  ],
  [{ retry: { tries: 3 } }, /activity retry has no option 'tries': expected one of attempts, initialMs/],
  [{ attemptMs: 0 }, /attemptMs: expected a number of at least 1, found 0/],
  [{ overallMs: Number.POSITIVE_INFINITY }, /overallMs: expected a number of at least 1, found Infinity/],
  [{ heartbeatMs: -1 }, /heartbeatMs/],
  [{ once: 'yes' }, /once: expected true or false, found yes/],
  [
    { once: true, retry: { attempts: 2 } },
    /retry\.attempts: expected 1 or nothing, since `once` never tries again, found 2/,
  ],
  [{ queue: '' }, /queue: expected a name/],
  [{ timeoutMs: 5 }, /activity has no option 'timeoutMs'/],
]

for (const [options, message] of bad)
  test(`options ${JSON.stringify(options)} are refused`, () => {
    assert.throws(
      () => activity(async () => 1, options as ActivityOptions),
      (error: SetupError) => error instanceof SetupError && message.test(error.message),
    )
  })

test('a plain promise is an activity with the default policy, run outside XState', async () => {
  const plain = fromPromise(
    async ({
      input,
      signal,
      emit,
    }: {
      input: number
      signal: AbortSignal
      emit(event: { type: string }): void
    }) => {
      emit({ type: 'live' })
      return input + (signal.aborted ? 1 : 2)
    },
  )
  const source = activityOf(plain)
  assert.equal(source.policy.attempts, limits.retryAttempts)
  const given = call(5)
  assert.equal(await source.run(given), 7)
  assert.deepEqual(given.heard, [{ type: 'live' }])
  const curious = activityOf(fromPromise(async ({ self }) => self.id))
  await assert.rejects(curious.run(call(0)), /an activity has no 'self' or 'system' \('id' was read\)/)
  const thrower = activityOf(
    fromPromise(() => {
      throw new Error('not even a promise')
    }),
  )
  await assert.rejects(thrower.run(call(0)), /not even a promise/)
})

test('under plain createActor an activity runs once', async () => {
  let aborted: boolean | undefined
  const work = activity(
    async ({
      input,
      attempt,
      idempotencyKey,
      heartbeat,
      signal,
    }: {
      input: { n: number }
      attempt: number
      idempotencyKey: string
      heartbeat(): void
      signal: AbortSignal
    }) => {
      heartbeat()
      aborted = signal.aborted
      return { n: input.n + attempt, keyed: idempotencyKey.length > 0 }
    },
  )
  const machine = setup({
    types: { output: {} as { n: number; keyed: boolean } },
    actors: { work },
  }).createMachine({
    initial: 'a',
    states: {
      a: { invoke: { src: 'work', input: { n: 1 }, onDone: { target: 'z' } } },
      z: { type: 'final', output: ({ event }: { event: { output?: unknown } }) => event.output },
    },
    output: ({ event }: { event: { output?: unknown } }) => event.output,
  } as never)
  assert.deepEqual(await toPromise(createActor(machine).start()), { n: 2, keyed: true })
  assert.equal(aborted, false)
})

test('asks says whom and what it asks', async () => {
  const profile = defineActor({
    machine: setup({}).createMachine({ id: 'profile' }),
    selectors: { risk: () => 0.5 },
  })
  assert.deepEqual(sourceOf(asks(profile, 'risk')), {
    kind: 'ask',
    actorType: 'profile',
    selector: 'risk',
    timeoutMs: limits.askTimeoutMs,
  })
  assert.deepEqual(sourceOf(asks('other', 'n', { timeoutMs: 5 })), {
    kind: 'ask',
    actorType: 'other',
    selector: 'n',
    timeoutMs: 5,
  })
  assert.throws(() => asks(profile, 'nope' as 'risk'), /asks: 'profile' has no selector 'nope'/)
  assert.throws(() => asks(profile, 'toString' as 'risk'), /has no selector 'toString'/)
  assert.throws(() => asks('other', 'n', { timeoutMs: 0 }), /timeoutMs: expected a number of at least 1/)
  const actor = createActor(asks<{ type: 'Q' }, number>('other', 'n'), {
    input: { key: 'k', event: { type: 'Q' } },
  })
  await assert.rejects(toPromise(actor.start()), /asks\('other', 'n'\) needs a Perdure runtime/)
})

test('each says what it repeats and how many at once', () => {
  const work = activity(async ({ input }: { input: number }) => input, { once: true })
  const source = sourceOf(each(work, { concurrency: 2 }))
  assert.ok(source.kind === 'each' && source.of.kind === 'activity')
  assert.deepEqual([source.concurrency, source.of.policy.once], [2, true])
  const plain = sourceOf(each(fromPromise(async () => 1)))
  assert.ok(plain.kind === 'each' && plain.of.kind === 'activity')
  assert.equal(plain.concurrency, limits.eachConcurrency)
  const asked = sourceOf(each(asks<{ type: 'Q' }, number>('other', 'n')))
  assert.ok(asked.kind === 'each' && asked.of.kind === 'ask')
  assert.throws(() => each(work, { concurrency: 0 }), /concurrency: expected an integer of at least 1/)
  assert.throws(
    () => each(each(work) as never),
    /each expects an activity, an ask or promise logic, found each/,
  )
  assert.throws(() => each(fromTransition((n: number) => n, 0) as never), /found other logic/)
})

test('under plain createActor each settles all items, in order, so many at once', async () => {
  let running = 0
  let most = 0
  const work = activity(async ({ input, idempotencyKey }: { input: number; idempotencyKey: string }) => {
    most = Math.max(most, ++running)
    await new Promise(resolve => setImmediate(resolve))
    running--
    if (input === 2) throw new Error('two')
    return `${input}@${idempotencyKey.split('/').at(-1)}`
  })
  const results = await toPromise(
    createActor(each(work, { concurrency: 2 }), { input: [1, 2, 3, 4, 5] }).start(),
  )
  assert.deepEqual(
    results.map(result => (result.status === 'fulfilled' ? result.value : (result.reason as Error).message)),
    ['1@0', 'two', '3@2', '4@3', '5@4'],
  )
  assert.equal(most, 2)
  assert.deepEqual(await toPromise(createActor(each(work), { input: [] }).start()), [])
})

test('ref names an actor that need not be born', () => {
  const there = ref<{ type: 'X' }>('order', 'a/b') as unknown as Reference
  assert.ok(there instanceof Reference)
  assert.equal(there.address, 'order/a%2Fb')
  assert.throws(() => ref('order', ''), /bad key: expected a non-empty string/)
})

test('provide replaces an activity with another', async () => {
  const machine = setup({ actors: { work: activity(async () => 1) } }).createMachine({
    invoke: { src: 'work' },
  })
  const replaced = machine.provide({ actors: { work: activity(async () => 2) } })
  const source = machineLogic(replaced).source('work')
  assert.ok(source?.kind === 'activity')
  assert.equal(await source.run(call(0)), 2)
})
