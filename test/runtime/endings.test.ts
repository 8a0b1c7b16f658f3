/** A host that ends in order while activities run. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Whereabouts } from '../../actors/command.js'
import { workerOf } from '../support/engine-worker.js'
import { assertRefolds, engineWorld, entriesAt } from '../support/engine-world.js'

const HERE: Whereabouts = { member: 'm1', life: '1@today' }

function ordersAt(rt: Parameters<typeof entriesAt>[0], address: string): string[] {
  return entriesAt(rt, address).flatMap(({ command }) =>
    command.kind === 'operator' ? [command.order.type] : [],
  )
}

suite('a host that leaves', () => {
  for (const once of [true, false])
    test(`commits what runs as away; when that is gone ${once ? 'its outcome is unknown' : 'it is made again'}`, async () => {
      const attempts: number[] = []
      let ends = false
      const worker = workerOf(
        ({ attempt }) => {
          attempts.push(attempt)
          return ends ? Promise.resolve('done') : new Promise(() => {})
        },
        { once },
      )
      await using rt = await engineWorld([worker])
      const handle = rt.actor(worker, 'w')
      await handle.start({})
      await rt.advance(0)
      const leaving = rt.engine.shard.host.leave(1_000, HERE)
      await rt.advance(0)
      assert.equal(await leaving, true)
      const { invocations } = rt.engine.shard.journal.read('worker/w')!.record
      assert.deepEqual(invocations[0]?.tasks[0]?.away, HERE)
      ends = true
      // Nobody else runs anything for a shard that is not shared.
      await rt.crash()
      await rt.advance(0)
      const snapshot = await handle.getSnapshot()
      assert.equal(snapshot?.value, once ? 'failed' : 'done')
      assert.equal(snapshot?.context.error?.code, once ? 'OutcomeUnknown' : undefined)
      assert.deepEqual(attempts, once ? [1] : [1, 2])
      assert.deepEqual(
        ordersAt(rt, 'worker/w').filter(type => type !== 'attempt'),
        ['away', 'recover', 'gone'],
      )
      assertRefolds(rt)
    })

  test('does not say so of what has ended, and ends', async () => {
    const worker = workerOf(() => Promise.resolve('done'))
    await using rt = await engineWorld([worker])
    await rt.actor(worker, 'w').start({})
    await rt.advance(0)
    const { host } = rt.engine.shard
    assert.equal(await host.leave(1_000, HERE), true)
    assert.equal(host.isOver, true)
    assert.deepEqual(ordersAt(rt, 'worker/w'), [])
  })
})
