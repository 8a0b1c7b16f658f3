/** Members over three servers: the one that leads their buckets dies, and nobody loses anything by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { limits } from '../../../actors/limits.js'
import { startNatsCluster } from '../../../runtime/demo/nats-server/start-cluster.js'
import { reignsOf, ShardOwner, until } from '../../support/cluster-member.js'
import { connectionTo } from '../../support/nats/nats-world.js'

const SHARDS = 16

test('the server that leads the buckets of members and shards is killed: nobody loses a shard', async t => {
  const servers = await startNatsCluster()
  const owners: ShardOwner[] = []
  t.after(async () => {
    await Promise.all(owners.map(owner => owner.leave(0)))
    await servers.stop()
  })
  const setting = { cluster: { servers: servers.urls }, shards: SHARDS, replicas: 3, foundedMs: Date.now() }
  for (const id of ['a', 'b']) owners.push(await ShardOwner.join({ ...setting, id }))
  const isSettled = (): boolean =>
    owners.every(one => one.owned.length === one.membership.wanted().own.size) &&
    owners.reduce((sum, one) => sum + one.owned.length, 0) === SHARDS
  await until('both own what they are meant to', isSettled)
  const before = owners.map(one => [...one.membership.held].sort((a, b) => a[0] - b[0]))

  const jsm = await jetstreamManager(await connectionTo(t, servers.urls))
  for (const bucket of ['KV_perdure_members', 'KV_perdure_shards']) {
    const leader = (await jsm.streams.info(bucket)).cluster?.leader
    const named = await Promise.all(
      servers.servers.map(async one => ({ one, name: (await one.monitor('/varz'))?.server_name })),
    )
    const found = named.find(({ name }) => name === leader)?.one
    assert.ok(found !== undefined, `${bucket} is led by ${leader}`)
    await found.kill()
    const killed = performance.now()
    // A term later all who were thought dead would be so.
    await new Promise(resolve => setTimeout(resolve, limits.leaseMs * 1.5))
    await until('both own again what they did', isSettled, 30_000)
    t.diagnostic(
      `${bucket}: settled ${Math.round(performance.now() - killed)} ms after its leader was killed`,
    )
    await found.restart()
    await servers.ready()
  }
  assert.deepEqual(
    owners.map(one => [...one.membership.held].sort((a, b) => a[0] - b[0])),
    before,
  )
  reignsOf(owners.flatMap(one => one.samples))
})
