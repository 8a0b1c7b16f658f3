/** What one step may send in all: more than that is the failure of the step, and of nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertRefolds, engineWorld } from '../../support/engine-world.js'
import { talker } from '../../support/talker.js'

test('a step that sends and emits more than may leave with it fails, and leaves nothing', async () => {
  const world = await engineWorld([talker], { stepSendsBytesMax: 100_000 })
  const one = world.actor(talker, 'one')
  await one.start(undefined)
  for (const type of ['SEND', 'EMIT'] as const)
    await assert.rejects(one.ask({ type, times: 3, bytes: 40_000 }), {
      code: 'StepFailed',
      message:
        /all that one step sends and emits: expected at most 100000 bytes, found 12\d{4}|at most 100000/,
    })
  assert.equal((await one.ask({ type: 'SEND', times: 2, bytes: 40_000 })).snapshot.context.said, 1)
  await world.actor(talker, 't-0').waitFor(({ context }) => context.heard === 1)
  assertRefolds(world)
  await world.stop()
})
