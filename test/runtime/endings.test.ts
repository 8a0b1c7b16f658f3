/** A host that ends in order while activities run. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Command, Whereabouts } from '../../actors/command.js'
import { limits } from '../../actors/limits.js'
import { MemoryJournal } from '../../journal/index.js'
import { Followers } from '../../runtime/dispatch/followers.js'
import { MemoryInbox } from '../../runtime/inbox/memory-inbox.js'
import { ShardHost } from '../../runtime/shard-host.js'
import { Bindings } from '../../runtime/step/bindings.js'
import { SystemClock } from '../../runtime/system-clock.js'
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

  test('and could not say in time what goes on tells whoever comes that nothing does', async () => {
    const actors = ['worker/a', 'worker/b', 'worker/c']
    const starts = actors.map((target): Command => ({ kind: 'start', commandId: target, target, input: {} }))
    const journal = new MemoryJournal()
    let isStuck = false
    const inbox = new MemoryInbox(limits)
    const late: Command[] = []
    const aborted: unknown[] = []
    const host = new ShardHost({
      journal,
      // What is on its way then may land or not, as far as anybody here knows.
      log: { append: commit => (isStuck ? new Promise(() => {}) : journal.append(commit)) },
      inbox,
      bindings: new Bindings([
        workerOf(({ signal }) => {
          signal.addEventListener('abort', () => aborted.push(signal.reason))
          return new Promise(() => {})
        }),
      ]),
      clock: new SystemClock(),
      // One flies, one is stepped, one waits.
      limits: { ...limits, batchCommandsMax: 1 },
      logger: { warn: () => {}, error: () => {} },
      followers: new Followers(error => assert.fail(String(error))),
      onLate: command => late.push(command),
    })
    for (const command of starts) inbox.offer({ command, bytes: 1, settle: () => {} })
    host.start()
    await host.whenIdle()
    assert.equal(host.runner.running, 3)
    isStuck = true
    assert.equal(await host.leave(20, HERE), false)
    assert.equal(aborted.length, 3)
    assert.deepEqual(
      late.map(one => [one.target, one.kind === 'operator' && one.order]),
      actors.map(target => [target, { type: 'gone', at: HERE }]),
      'and no word of what goes on, which would be heard as one of what the next has begun',
    )
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
