/** The log on three servers, one of which is killed at a time: the one that leads its stream. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followCommits } from '../../../cluster/log/commit-reader.js'
import { startNatsCluster } from '../../../runtime/demo/nats-server/start-cluster.js'
import { commitsOf, memberFor } from '../../support/cluster-log.js'
import { until } from '../../support/until.js'

test('commits and their readers outlive the leaders of the stream: each once, in order', async t => {
  const servers = await startNatsCluster({ servers: 3 })
  t.after(() => servers.stop())
  const shape = { shards: 8, replicas: 3 }
  const writer = await memberFor(t, servers.urls, 'm1', { shape })
  const reads = await memberFor(t, servers.urls, 'm2', { shape })
  assert.equal(writer.ground.durability.replicas, 3)
  const shards = [1, 2, 3]
  const logs = await Promise.all(shards.map(shard => writer.log.claim(shard, 1, undefined)))
  const written = shards.map(() => [] as string[])
  const read = shards.map(() => [] as string[])
  const readers = shards.map((shard, index) =>
    followCommits(reads, shard, undefined, ({ kind, at }) => {
      if (kind === 'commit') read[index]!.push(at.hash)
    }),
  )
  t.after(() => Promise.all(readers.map(reader => reader.stop())))
  let isDone = false
  const load = Promise.all(
    logs.map(async (log, index) => {
      const next = commitsOf(`order/o-${index}`, 2_000)
      while (!isDone) written[index]!.push((await log!.append(next())).hash)
    }),
  )
  const further = (): Promise<boolean> => {
    const from = read.map(one => one.length)
    return until(() => read.every((one, index) => one.length > from[index]! + 10) || undefined, 60_000)
  }
  for (let kills = 0; kills < 2; kills++) {
    await further()
    const { cluster } = await until(() =>
      writer.connection.jsm.streams.info(writer.ground.names.journalStream),
    )
    const leader = servers.servers[Number(cluster?.leader?.slice(1)) - 1]
    await leader?.kill()
    await further()
    await leader?.restart()
  }
  isDone = true
  await load
  await Promise.all(readers.map(reader => reader.caughtUp()))
  assert.deepEqual(read, written)
})
