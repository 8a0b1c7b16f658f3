import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setup } from 'xstate'
import type { Limits } from '../../actors/limits.js'
import { type AnyDefinition, connect, defineActor, PerdureError } from '../../runtime/index.js'
import { counterMachine } from '../support/engine-counter.js'
import { historyOf } from '../support/engine-world.js'
import { createRuntime } from '../support/runtime-here.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
const lamp = (states: 'two' | 'three', version: string, previous: readonly AnyDefinition[] = []) =>
  defineActor({
    machine: setup({ types: { events: {} as { type: 'NEXT' } } }).createMachine({
      id: 'lamp',
      initial: 'off',
      states: {
        off: { on: { NEXT: 'on' } },
        on: { on: { NEXT: states === 'two' ? 'off' : 'bright' } },
        ...(states === 'two' ? {} : { bright: { on: { NEXT: 'off' } } }),
      },
    }),
    version,
    previous,
    create: () => undefined,
  })
const lamp1 = lamp('two', '1')
const lamp2 = lamp('three', '2', [lamp1])

/** A runtime, and clients of it. */
async function place(actors: readonly AnyDefinition[]) {
  const path = mkdtempSync(join(tmpdir(), 'perdure-connect-'))
  const start = () => createRuntime({ actors, path })
  let runtime = await start()
  return {
    path,
    get runtime() {
      return runtime
    },
    client: (held: readonly AnyDefinition[], limits: Partial<Limits> = {}) =>
      connect({ actors: held, path, limits }),
    async again(down: () => Promise<void> = async () => {}) {
      await runtime.stop()
      await down()
      runtime = await start()
    },
    async [Symbol.asyncDispose]() {
      await runtime.stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

suite('connect', () => {
  test('finds nobody where nobody is, or where the door is shut, and says so at once', async () => {
    const path = mkdtempSync(join(tmpdir(), 'perdure-connect-'))
    const expected = {
      code: 'Unavailable',
      retryable: true,
      message: /no runtime answers on .*perdure-connect-/,
    }
    await assert.rejects(connect({ actors: [counter], path }), expected)
    const shut = await createRuntime({ actors: [counter], path, control: false })
    await assert.rejects(connect({ actors: [counter], path }), {
      ...expected,
      message: new RegExp(
        `${path}: process ${process.pid} has the directory and has opened no control socket`,
      ),
    })
    await shut.stop()
    rmSync(path, { recursive: true })
  })

  test('refuses what the runtime cannot mean: another type, no version in common, a definition that is none', async () => {
    await using w = await place([counter, lamp2])
    const stranger = defineActor({ machine: setup({}).createMachine({ id: 'ship' }), version: '1' })
    await assert.rejects(w.client([stranger]), { code: 'NotFound', message: /'ship'.*'counter', 'lamp'/ })
    await assert.rejects(w.client([lamp('three', '3')]), {
      code: 'Unavailable',
      retryable: false,
      message: /runs lamp@2, lamp@1, this client was given lamp@3/,
    })
    const changed = {
      code: 'InvalidDefinition',
      message:
        /lamp@1 has another structure here \(fingerprint \w{32}\) than in the runtime on .* \(\w{32}\)/,
    }
    await assert.rejects(w.client([lamp('three', '1')]), changed)
    await assert.rejects(w.client([lamp('three', '2', [lamp('three', '1')])]), changed)
    await assert.rejects(w.client([]), { code: 'InvalidDefinition' })
    await assert.rejects(connect({ actors: [counter], path: w.path, limits: { nothing: 1 } as object }), {
      code: 'InvalidDefinition',
    })
  })

  test('several clients meet in one runtime, and one that leaves takes nobody with it', async () => {
    await using w = await place([counter])
    const clients = await Promise.all([1, 2, 3].map(() => w.client([counter])))
    await Promise.all(clients.map(client => client.actor(counter, 'c').send({ type: 'ADD', n: 1 })))
    const [first, second, third] = clients.map(client => client.actor(counter, 'c'))
    const waiting = third!.waitFor(s => s.context.n === 4)
    const left = assert.rejects(
      first!.waitFor(() => false),
      { code: 'Unavailable', message: /closed/ },
    )
    await clients[0]![Symbol.asyncDispose]()
    await left
    await assert.rejects(first!.getSnapshot(), { code: 'Unavailable', retryable: false, message: /closed/ })
    await second!.send({ type: 'ADD', n: 1 })
    assert.equal((await waiting).seq, 5)
    assert.equal((await w.runtime.actor(counter, 'c').getSnapshot())?.context.n, 4)
    for (const client of clients) await client[Symbol.asyncDispose]()
  })
})

suite('a client of another version', () => {
  test('reads actors of versions it holds; of others it says which, and sends to them all the same', async () => {
    await using w = await place([lamp2])
    const old = await w.client([lamp1])
    const o = old.actor(lamp1, 'new')
    const expected = {
      code: 'Unavailable',
      retryable: false,
      actorId: 'lamp/new',
      message: /runs lamp@2, which this client was not given/,
    }
    const coming = assert.rejects(
      o.waitFor(() => false),
      expected,
    )
    const receipt = await o.send({ type: 'NEXT' })
    assert.equal(receipt.duplicate, false)
    await coming
    await assert.rejects(o.ask({ type: 'NEXT' }), expected)
    await assert.rejects(o.getSnapshot(), expected)
    await assert.rejects(async () => {
      for await (const _ of o.changes({ afterSeq: 0 })) break
    }, expected)
    assert.equal((await historyOf(o)).length, 3)
    for await (const { value } of old.list(lamp1)) assert.equal(value, 'bright')
    await old[Symbol.asyncDispose]()

    const current = await w.client([lamp2])
    assert.equal((await current.actor(lamp2, 'new').getSnapshot())?.value, 'bright')
    await current[Symbol.asyncDispose]()
  })

  test('both versions are read by who holds both', async () => {
    const path = mkdtempSync(join(tmpdir(), 'perdure-connect-'))
    const before = await createRuntime({ actors: [lamp1], path })
    await before.actor(lamp1, 'old').send({ type: 'NEXT' })
    await before.stop()
    const after = await createRuntime({ actors: [lamp2], path })
    const [both, one] = await Promise.all([lamp2, lamp1].map(held => connect({ actors: [held], path })))
    for (const client of [both!, one!]) {
      const { snapshot } = await client.actor(lamp1, 'old').ask({ type: 'NEXT' })
      assert.equal(snapshot.version, '1')
      await client[Symbol.asyncDispose]()
    }
    await after.stop()
    rmSync(path, { recursive: true })
  })
})

suite('a client whose runtime is away', () => {
  test('waits for it, sends what was not answered again under its id, and misses nothing', async () => {
    await using w = await place([counter])
    await using client = await w.client([counter])
    const c = client.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 })
    const waiting = c.waitFor(s => s.context.n === 3)
    let sent: Promise<unknown> = Promise.resolve()
    await w.again(async () => {
      sent = Promise.all([c.send({ type: 'ADD', n: 1 }, { id: 'x' }), c.ask({ type: 'ADD', n: 1 })])
      await new Promise(resolve => setTimeout(resolve, 60))
    })
    await sent
    assert.equal((await waiting).seq, 4)
    assert.equal((await c.send({ type: 'ADD', n: 1 }, { id: 'x' })).duplicate, true)
  })

  test('gives up after its time, and is there again when the runtime is', async () => {
    await using w = await place([counter])
    await using client = await w.client([counter], { remoteAwayMsMax: 60 })
    const c = client.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 })
    const waiting = assert.rejects(
      c.waitFor(() => false),
      { code: 'Unavailable', retryable: true },
    )
    await w.again(async () => {
      await assert.rejects(c.send({ type: 'ADD', n: 1 }), {
        code: 'Unavailable',
        message: /no runtime answers/,
      })
      await waiting
    })
    assert.equal((await c.ask({ type: 'ADD', n: 1 })).snapshot.context.n, 2)
    assert.equal((await c.waitFor(s => s.context.n === 2)).seq, 3)
  })

  test('is told to ask again with the id when its own time is over first', async () => {
    await using w = await place([counter])
    await using client = await w.client([counter])
    const c = client.actor(counter, 'c')
    await w.again(() =>
      assert.rejects(c.ask({ type: 'ADD', n: 1 }, { id: 'x', timeoutMs: 40 }), {
        code: 'Timeout',
        retryable: true,
        message: /'x'/,
      }),
    )
    assert.equal((await c.ask({ type: 'ADD', n: 1 }, { id: 'x' })).snapshot.context.n, 1)
  })

  test('does not hold up its stop', async () => {
    await using w = await place([counter])
    await using client = await w.client([counter], { remoteAwayMsMax: 10 })
    const c = client.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 })
    const waits = [c.waitFor(() => false), client.actor(counter, 'd').output()]
    const ends = waits.map(wait => assert.rejects(wait, { code: 'Unavailable' }))
    c.on('ADDED', () => {})
    await c.waitFor(s => s.context.n === 1)
    const began = performance.now()
    await w.runtime.stop()
    assert.ok(performance.now() - began < 2_000)
    await Promise.all(ends)
  })
})

test('a client follows no more than may be: the one too many is refused, the others go on', async () => {
  await using w = await place([counter])
  await using client = await w.client([counter], { remoteStreamsMax: 2 })
  const [a, b, c] = ['a', 'b', 'c'].map(key => client.actor(counter, key))
  const waiting = [a!, b!].map(one => one.waitFor(s => s.context.n === 1))
  await assert.rejects(
    c!.waitFor(() => true),
    error => {
      assert.ok(error instanceof PerdureError)
      assert.deepEqual([error.code, error.retryable, error.details?.max], ['Overloaded', true, 2])
      return true
    },
  )
  for (const one of [a!, b!, c!]) await one.send({ type: 'ADD', n: 1 })
  await Promise.all(waiting)
  assert.equal((await c!.waitFor(s => s.context.n === 1)).seq, 2)
})

test('a listener that throws harms nobody, and is logged', async () => {
  await using w = await place([counter])
  const warned: string[] = []
  const logger = { warn: (_: object, message: string) => void warned.push(message), error: () => {} }
  await using client = await connect({ actors: [counter], path: w.path, logger })
  const c = client.actor(counter, 'c')
  const heard: number[] = []
  c.subscribe(() => {
    throw new Error('on purpose')
  })
  c.on('ADDED', async () => {
    throw new Error('on purpose')
  })
  c.subscribe(({ seq }) => void heard.push(seq))
  await c.send({ type: 'ADD', n: 1 })
  while (heard.length < 2 || warned.length < 3) await new Promise(setImmediate)
  assert.deepEqual([heard, new Set(warned)], [[1, 2], new Set(['a listener threw'])])
})
