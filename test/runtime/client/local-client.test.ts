import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { defineActor, type ListOptions } from '../../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { counterMachine } from '../../support/engine-counter.js'
import { engineWorld } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
async function listed(rt: VirtualTimeRuntime, query: ListOptions): Promise<string[]> {
  const ids: string[] = []
  for await (const one of rt.list(counter, query)) ids.push(one.id)
  return ids
}

suite('a list', () => {
  test('wakes nobody', async () => {
    await using rt = await engineWorld([counter])
    for (const key of ['b', 'a']) await rt.actor(counter, key).send({ type: 'ADD', n: 1 })
    await rt.crash()
    assert.deepEqual(await listed(rt, { state: 'counting' }), ['counter/a', 'counter/b'])
    assert.equal(rt.engine.shard.host.cache.size, 0)
  })

  test('by how long nothing has happened', async () => {
    await using rt = await engineWorld([counter])
    await rt.actor(counter, 'old').send({ type: 'ADD', n: 1 })
    await rt.advance(1_000)
    await rt.actor(counter, 'new').send({ type: 'ADD', n: 1 })
    assert.deepEqual(await listed(rt, { idleMs: 1_000 }), ['counter/old'])
    await rt.advance(1_000)
    assert.deepEqual(await listed(rt, { idleMs: 1_000 }), ['counter/new', 'counter/old'])
    assert.deepEqual(await listed(rt, { idleMs: 5_000 }), [])
  })
})

test('reading a multitude keeps no more of them in memory than may be', async () => {
  await using rt = await engineWorld([counter], { activeActorsMax: 10 })
  const keys = Array.from({ length: 40 }, (_, n) => `k-${n}`)
  await Promise.all(keys.map(key => rt.actor(counter, key).send({ type: 'ADD', n: 1 })))
  for (const key of keys) assert.equal((await rt.actor(counter, key).getSnapshot())?.context.n, 1)
  assert.ok(rt.engine.shard.host.cache.size <= 10, `${rt.engine.shard.host.cache.size} held`)
})
