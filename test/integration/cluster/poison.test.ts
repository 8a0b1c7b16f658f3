/** A command that kills its process, in a cluster: it goes from member to member, and is given up; nothing else is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from '../../../actors/command.js'
import { PerdureError } from '../../../actors/errors.js'
import { limits } from '../../../actors/limits.js'
import { eventually } from '../../support/nats/nats-world.js'
import { counter } from '../../support/troubled-actors.js'
import { TroubledMembers } from '../../support/troubled-members.js'

const MEMBERS = ['m0', 'm1', 'm2']
const SHARDS = 4
const INNOCENT = 24

const outcome = (error: unknown) => (error instanceof PerdureError ? error.code : String(error))

test('a command that kills its process ends as a dead letter, alone, and is redriven once it is mended', {
  timeout: 120_000,
}, async t => {
  const members = await TroubledMembers.on(t, { name: 'poison', shards: SHARDS })
  for (const member of MEMBERS) await members.start(member)
  const client = await members.client({ remoteAwayMsMax: 60_000, askTimeoutMs: 60_000 })
  const { api, reach } = await members.reach()

  const poisoned = client.actor(counter, 'poisoned')
  await poisoned.ask({ type: 'ADD' }, { id: 'first' })
  const keys = Array.from({ length: INNOCENT }, (_, n) => `c-${n}`)
  const shard = reach.client.shardOf('counter/poisoned')
  const near = keys.filter(key => reach.client.shardOf(`counter/${key}`) === shard)
  assert.ok(near.length > 0 && near.length < INNOCENT, `${near.length} of the same shard`)
  // Before it, with it, after it, in its shard and in others: each twice, in its order.
  const [bad, ...good] = await Promise.all([
    poisoned.ask({ type: 'BOOM' }, { id: 'boom' }).then(() => 'applied', outcome),
    ...keys.flatMap(key =>
      [1, 2].map(n => client.actor(counter, key).ask({ type: 'ADD' }, { id: `${key}-${n}` })),
    ),
    poisoned.ask({ type: 'ADD' }, { id: 'last' }),
  ])
  assert.equal(bad, 'StepFailed')
  assert.deepEqual(
    good.slice(0, -1).map(one => one.snapshot.context.n),
    keys.flatMap(() => [1, 2]),
  )
  assert.equal(good.at(-1)!.snapshot.context.n, 2, 'the poisoned actor lives on, as it was before')
  assert.equal(members.deaths.length, limits.poisonAttemptsMax, members.deaths.join())

  const letters = await eventually(() => api.deadLetters({}))
  assert.deepEqual(
    letters.map(({ id, command, error }) => [id.split('.')[0], (command as Command).commandId, error.name]),
    [[`${shard}`, 'boom', 'Poisonous']],
  )
  for (const key of ['poisoned', ...keys]) {
    const entries = await eventually(() => api.history({ address: `counter/${key}` }))
    const expected =
      key === 'poisoned'
        ? ['first.start applied', 'first applied', 'boom failed', 'last applied']
        : [`${key}-1.start applied`, `${key}-1 applied`, `${key}-2 applied`]
    assert.deepEqual(
      entries.map(entry => `${entry.command.commandId} ${entry.outcome}`),
      expected,
    )
  }

  const deaths = members.deaths.length
  await members.stop()
  for (const member of MEMBERS) await members.start(member, { TROUBLE_MENDED: 'yes' })
  await eventually(() => api.retryDeadLetter({ id: letters[0]!.id }))
  assert.equal((await eventually(() => poisoned.getSnapshot()))?.context.n, 100)
  assert.deepEqual(await eventually(() => api.deadLetters({})), [])
  assert.equal(members.deaths.length, deaths)
})
