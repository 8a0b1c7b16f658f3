import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setup } from 'xstate'
import { type AnyDefinition, defineActor, type ListOptions } from '../../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { counterMachine } from '../../support/engine-counter.js'
import { engineWorld } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
const deep = defineActor({
  machine: setup({ types: { events: {} as { type: 'IN' } }, actors: { kid: counterMachine } }).createMachine({
    id: 'deep',
    initial: 'a',
    states: {
      a: {
        invoke: { src: 'kid', id: 'kid', input: { from: 0 } },
        initial: 'b',
        states: { b: { on: { IN: 'c' } }, c: { tags: 'inner' } },
      },
    },
  }),
  version: '1',
  create: () => undefined,
})

async function listed(
  rt: VirtualTimeRuntime,
  definition: AnyDefinition,
  query?: ListOptions,
): Promise<string[]> {
  const ids: string[] = []
  for await (const one of rt.list(definition, query)) ids.push(one.id)
  return ids
}

suite('a list', () => {
  test('is in order of keys, page by page, of one type, and wakes nobody', async () => {
    await using rt = await engineWorld([counter, deep], { pageRowsMax: 3 })
    const keys = ['b', 'a', 'd', 'c', 'f', 'e', 'g']
    for (const key of keys) await rt.actor(counter, key).send({ type: 'ADD', n: 1 })
    await rt.actor(deep, 'x').send({ type: 'IN' })
    await rt.crash()
    const ids = [...keys].sort().map(key => `counter/${key}`)
    assert.deepEqual(await listed(rt, counter), ids)
    assert.deepEqual(await listed(rt, counter, { limit: 4 }), ids.slice(0, 4))
    assert.deepEqual(await listed(rt, counter, { limit: 0 }), [])
    assert.equal(rt.engine.shard.host.cache.size, 0)
  })

  test('by state, by tag, by status', async () => {
    await using rt = await engineWorld([counter, deep])
    for (const key of ['a', 'b', 'c']) await rt.actor(counter, key).send({ type: 'ADD', n: 1 })
    await rt.actor(counter, 'b').send({ type: 'STOP' })
    await rt.actor(counter, 'c').terminate('enough')
    await rt.actor(deep, 'in').send({ type: 'IN' })
    await rt.actor(deep, 'out').start(undefined)
    assert.deepEqual(await listed(rt, counter, { status: 'active' }), ['counter/a'])
    assert.deepEqual(await listed(rt, counter, { status: 'done' }), ['counter/b'])
    assert.deepEqual(await listed(rt, counter, { status: 'stopped' }), ['counter/c'])
    assert.deepEqual(await listed(rt, counter, { state: 'stopped' }), ['counter/b'])
    assert.deepEqual(await listed(rt, counter, { tag: 'open' }), ['counter/a', 'counter/c'])
    assert.deepEqual(await listed(rt, deep, { state: 'a' }), ['deep/in', 'deep/out'])
    assert.deepEqual(await listed(rt, deep, { state: 'a.c' }), ['deep/in'])
    assert.deepEqual(await listed(rt, deep, { tag: 'inner', status: 'active' }), ['deep/in'])
    assert.deepEqual(await listed(rt, deep, { state: 'c' }), [])
  })

  test('by how long nothing has happened', async () => {
    await using rt = await engineWorld([counter])
    await rt.actor(counter, 'old').send({ type: 'ADD', n: 1 })
    await rt.advance(1_000)
    await rt.actor(counter, 'new').send({ type: 'ADD', n: 1 })
    assert.deepEqual(await listed(rt, counter, { idleMs: 1_000 }), ['counter/old'])
    await rt.advance(1_000)
    assert.deepEqual(await listed(rt, counter, { idleMs: 1_000 }), ['counter/new', 'counter/old'])
    assert.deepEqual(await listed(rt, counter, { idleMs: 5_000 }), [])
  })

  test('shows roots and not their children', async () => {
    await using rt = await engineWorld([deep], { pageRowsMax: 2 })
    for (const key of ['a', 'b', 'c']) await rt.actor(deep, key).start(undefined)
    await rt.advance(0)
    assert.deepEqual(await listed(rt, deep), ['deep/a', 'deep/b', 'deep/c'])
    const rows = []
    for await (const { value, seq } of rt.list(deep, { limit: 1 })) rows.push({ value, seq })
    assert.deepEqual(rows, [{ value: { a: 'b' }, seq: 1 }])
  })
})

test('reading a multitude keeps no more of them in memory than may be', async () => {
  await using rt = await engineWorld([counter], { activeActorsMax: 10 })
  const keys = Array.from({ length: 40 }, (_, n) => `k-${n}`)
  await Promise.all(keys.map(key => rt.actor(counter, key).send({ type: 'ADD', n: 1 })))
  for (const key of keys) assert.equal((await rt.actor(counter, key).getSnapshot())?.context.n, 1)
  assert.ok(rt.engine.shard.host.cache.size <= 10, `${rt.engine.shard.host.cache.size} held`)
})
