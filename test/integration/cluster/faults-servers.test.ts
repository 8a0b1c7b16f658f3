/** Three servers, three replicas: one is cut off, one is lost, all are lost; service comes back by itself each time. */
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { limits } from '../../../actors/limits.js'
import { startPartitionableCluster } from '../../support/faults/partitionable-cluster.js'
import { kill } from '../../support/faults/processes.js'
import { TillWorld } from '../../support/faults/till-world.js'

test('servers cut off, killed and restarted: nothing acknowledged is lost, and service comes back', async t => {
  const world3 = await startPartitionableCluster({ servers: 3 })
  t.after(() => world3.stop())
  const { cluster } = world3
  const { urls, servers } = cluster
  const world = await TillWorld.open(t, {
    servers: [urls, urls, urls],
    clientServers: urls.slice(1),
    replicas: 3,
  })
  const told = async (what: string) => {
    const servedMs = await world.load.served()
    t.diagnostic(`${what}: every till served after ${servedMs} ms`)
  }

  await world3.isolate(0)
  await told('one of three servers is cut off from the others')
  await delay(limits.leaseMs)
  await world3.rejoin(0)
  await cluster.ready()
  await told('it is joined again')
  t.diagnostic(`every member has a share ${await world.settled()} ms after`)

  await kill(servers[1]!)
  await told('one of three servers is killed')
  await servers[1]!.restart()
  await cluster.ready()
  await told('it is back')

  await Promise.all(servers.map(server => server.kill()))
  await delay(limits.leaseMs / 3)
  const at = performance.now()
  await Promise.all(servers.map(server => server.start()))
  await cluster.ready()
  t.diagnostic(
    `all servers killed, started, and well ${Math.round(performance.now() - at)} ms after their start`,
  )
  await told('then')
  t.diagnostic(`every member has a share ${await world.settled()} ms after`)
  await world.checked()
})
