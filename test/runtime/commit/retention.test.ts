/** Finished actors are kept as long as their definition says, and not forever when it says so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setup } from 'xstate'
import { defineActor } from '../../../runtime/index.js'
import { createTestRuntime } from '../../../runtime/testing/index.js'

const machine = setup({ types: { events: {} as { type: 'END' } } }).createMachine({
  id: 'task',
  initial: 'open',
  states: { open: { on: { END: 'closed' } }, closed: { type: 'final' } },
})

test('a finished actor is forgotten after its time, an unfinished one never', async () => {
  const task = defineActor({ machine, version: '1', retainMs: 3_600_000 })
  const kept = defineActor({ machine, type: 'kept', version: '1' })
  await using runtime = await createTestRuntime({ actors: [task, kept] })
  const [ended, open] = [runtime.actor(task, 'ended'), runtime.actor(task, 'open')]
  const forGood = runtime.actor(kept, 'ended')
  for (const actor of [ended, open, forGood]) await actor.start(undefined)
  for (const actor of [ended, forGood]) await actor.send({ type: 'END' })

  await runtime.advance(3_500_000)
  assert.equal((await ended.getSnapshot())?.status, 'done')
  await runtime.advance(200_000)
  assert.equal(await ended.getSnapshot(), undefined)
  for await (const entry of ended.history()) assert.fail(`still there: ${entry.seq}`)
  assert.equal((await open.getSnapshot())?.status, 'active')
  assert.equal((await forGood.getSnapshot())?.status, 'done')

  await runtime.crash()
  assert.equal(await ended.getSnapshot(), undefined, 'it is not found again after a crash')
  const { created, snapshot } = await ended.start(undefined)
  assert.deepEqual([created, snapshot.seq], [true, 1], 'the key may be used again')
})
