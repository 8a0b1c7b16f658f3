/** Works that run while their shard goes from a member that lives to another. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Kvm } from '@nats-io/kv'
import { assign } from '../../../cluster/members/assignment.js'
import type { ShardRecord } from '../../../cluster/members/shard-table.js'
import { shardOf } from '../../../cluster/shard-of.js'
import { connect } from '../../../runtime/index.js'
import { ChildMembers } from '../../support/child-members.js'
import { connectionTo, serverFor } from '../../support/nats/nats-world.js'
import { type PressRun, pressOf, runsIn } from '../../support/press.js'
import { until } from '../../support/until.js'

const PROGRAM = new URL('../../support/press-member.js', import.meta.url)
const SHARDS = 8
const KEYS = Array.from({ length: 16 }, (_, n) => `p-${n}`)
const NAME = 'presses'

const ownersAmong = (...ids: string[]) =>
  assign(
    ids.map(id => ({ id })),
    SHARDS,
  ).map(seat => seat.owner)

/** Of what goes from `a` when `b` comes. */
const MOVED = KEYS.filter(key => ownersAmong('a', 'b')[shardOf(`press/${key}`, SHARDS)] === 'b')

async function pressWorld(t: TestContext) {
  const members = new ChildMembers(t, PROGRAM)
  const { directory } = members
  const { url } = await serverFor(t)
  const start = (member: string) =>
    members.start(member, { directory, cluster: { servers: url, name: NAME, shards: SHARDS, member } })
  await start('a')
  const kv = await new Kvm(await connectionTo(t, url)).open(`${NAME}_shards`)
  const settled = (...ids: string[]) =>
    until(async () => {
      const records = await Promise.all(ownersAmong(...ids).map((_, shard) => kv.get(String(shard))))
      return (
        ownersAmong(...ids).every((id, shard) => records[shard]?.json<ShardRecord>().owner === id) ||
        undefined
      )
    }, 60_000)
  await settled('a')
  const press = pressOf(directory, 'client')
  const client = await connect({ actors: [press], servers: url, name: NAME })
  t.after(() => client[Symbol.asyncDispose]())
  for (const key of KEYS) await client.actor(press, key).start({ key })
  await until(() => runsIn(directory).length === 2 * KEYS.length || undefined)
  await start('b')
  await settled('a', 'b')
  return {
    directory,
    end: (member: string, signal: NodeJS.Signals) => members.end(member, signal),
    settled,
    finish: () => writeFileSync(join(directory, 'done'), ''),
    over: (key: string) =>
      until(async () => {
        const snapshot = await client.actor(press, key).getSnapshot()
        return snapshot?.status === 'done' ? snapshot.context : undefined
      }, 60_000),
    history: async (key: string) => {
      const orders: string[] = []
      for await (const { command } of client.actor(press, key).history())
        if (command.kind === 'operator') orders.push(command.order.type)
      return orders
    },
  }
}

const runsOf = (runs: readonly PressRun[], key: string, work: string): string[] =>
  runs.filter(one => one.key === key && one.work === work).map(({ member }) => member)

test('works of a shard that moves end where they were begun: each runs once, its result is recorded', async t => {
  assert.ok(MOVED.length > 2 && MOVED.length < KEYS.length, `${MOVED}`)
  const world = await pressWorld(t)
  world.finish()
  for (const key of KEYS) {
    const { once, plain } = await world.over(key)
    assert.deepEqual({ once, plain }, { once: 'a', plain: 'a' }, key)
    assert.deepEqual(runsOf(runsIn(world.directory), key, 'once'), ['a'], key)
    assert.deepEqual(runsOf(runsIn(world.directory), key, 'plain'), ['a'], key)
  }
  assert.ok((await world.history(MOVED[0]!)).includes('away'))
})

test('a member that hands its shards over and leaves ends its works first', async t => {
  const world = await pressWorld(t)
  const leaving = world.end('a', 'SIGTERM')
  await world.settled('b')
  world.finish()
  await leaving
  for (const key of KEYS) {
    const { once, plain } = await world.over(key)
    assert.deepEqual({ once, plain }, { once: 'a', plain: 'a' }, key)
  }
  assert.ok(runsIn(world.directory).every(({ member }) => member === 'a'))
})

test('a member killed after its shards moved: what it still ran once is unknown, the rest is run again', async t => {
  const world = await pressWorld(t)
  await world.end('a', 'SIGKILL')
  await until(
    () => KEYS.every(key => runsOf(runsIn(world.directory), key, 'plain').includes('b')) || undefined,
    30_000,
  )
  world.finish()
  for (const key of KEYS) {
    const { once, plain } = await world.over(key)
    assert.deepEqual({ once, plain }, { once: 'OutcomeUnknown', plain: 'b' }, key)
    assert.deepEqual(runsOf(runsIn(world.directory), key, 'once'), ['a'], key)
    assert.deepEqual(runsOf(runsIn(world.directory), key, 'plain'), ['a', 'b'], key)
  }
})
