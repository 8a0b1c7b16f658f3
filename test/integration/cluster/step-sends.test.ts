/** A step that wants to send more than one atomic batch of the log can carry fails alone: its shard goes on. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { runningMember } from '../../support/running-member.js'
import { talker } from '../../support/talker.js'

const SHARDS = 4
const BYTES = 500_000

let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
after(() => server.stop())

test('more than 64 MiB in one step is the failure of that step', { timeout: 120_000 }, async t => {
  const member = await runningMember(t, [talker], { servers: server.url, shards: SHARDS })
  const one = member.actor(talker, 'one')
  for (const type of ['SEND', 'EMIT'] as const)
    await assert.rejects(one.ask({ type, times: 150, bytes: BYTES }, { timeoutMs: 30_000 }), {
      code: 'StepFailed',
      message: /all that one step sends and emits/,
    })
  // What just fits arrives, in other shards too.
  const times = 15
  const said = await one.ask({ type: 'SEND', times, bytes: BYTES }, { timeoutMs: 30_000 })
  assert.equal(said.snapshot.context.said, 1)
  for (let to = 0; to < times; to++)
    await member.actor(talker, `t-${to}`).waitFor(({ context }) => context.heard === 1, { timeoutMs: 30_000 })
  assert.deepEqual([...member.broken], [])
})
