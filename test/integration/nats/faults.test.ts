/**
 * The faults themselves: each does what it says, to real servers, and is over when it is taken back.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { between } from '../../support/faults/link.js'
import { startPartitionableCluster } from '../../support/faults/partitionable-cluster.js'
import { freeze, kill, thaw } from '../../support/faults/processes.js'
import { skewClock, skewedFromStart } from '../../support/faults/skewed-clock.js'
import { connectionTo, eventually, reconnected, serverFor } from '../../support/nats/nats-world.js'

const SKEWED = fileURLToPath(new URL('../../support/faults/skewed-program.js', import.meta.url))

suite('a link', { timeout: 60_000 }, () => {
  test('lets everything through, and counts it', async t => {
    const server = await serverFor(t)
    const link = await between(server.url)
    t.after(() => link.close())
    const nc = await connectionTo(t, link.url)
    nc.subscribe('echo', {
      callback(_, message) {
        message.respond(message.data)
      },
    })
    const before = { ...link.bytes }
    const payload = new Uint8Array(300_000).map((_, index) => index % 251)
    assert.deepEqual((await nc.request('echo', payload)).data, payload)
    assert.ok(link.bytes.toServer - before.toServer > 2 * payload.length)
    assert.ok(link.bytes.toClient - before.toClient > 2 * payload.length)
    assert.equal(link.connections, 1)
  })

  test('that is partitioned answers nothing and loses nothing', async t => {
    const server = await serverFor(t)
    const link = await between(server.url)
    t.after(() => link.close())
    const nc = await connectionTo(t, link.url)
    const direct = await connectionTo(t, server.url)
    const heard: string[] = []
    direct.subscribe('news', {
      callback(_, message) {
        heard.push(message.string())
      },
    })
    await direct.flush()
    await link.partition()
    nc.publish('news', 'kept back')
    const flushed = nc.flush()
    const first = await Promise.race([flushed.then(() => 'flushed'), delay(100).then(() => 'silence')])
    assert.equal(first, 'silence')
    assert.deepEqual(heard, [])
    await link.heal()
    await flushed
    await direct.flush()
    assert.deepEqual(heard, ['kept back'])
  })

  test('that is slow takes its time each way, in order', async t => {
    const server = await serverFor(t)
    const link = await between(server.url)
    t.after(() => link.close())
    const nc = await connectionTo(t, link.url)
    await link.slow(200)
    assert.ok((await nc.rtt()) >= 398)
    await link.slow(0)
    assert.ok((await nc.rtt()) < 200)
  })

  test('that is partitioned keeps back what it held for being slow', async t => {
    const server = await serverFor(t)
    const link = await between(server.url)
    t.after(() => link.close())
    const nc = await connectionTo(t, link.url)
    await link.slow(100)
    const before = link.bytes.toServer
    const flushed = nc.flush()
    await nc.rtt().catch(() => {})
    assert.ok(link.bytes.toServer > before)
    nc.publish('late')
    await delay(20)
    const parting = link.partition()
    const passed = link.bytes.toServer
    await parting
    await delay(150)
    assert.equal(link.bytes.toServer, passed)
    await link.heal()
    await nc.flush()
    await flushed
    assert.ok(link.bytes.toServer > passed)
  })

  test('that is cut ends connections at once, and takes new ones', async t => {
    const server = await serverFor(t)
    const link = await between(server.url)
    t.after(() => link.close())
    const nc = await connectionTo(t, link.url, { reconnectTimeWait: 10 })
    const again = reconnected(nc)
    await link.cut()
    await again
    await nc.flush()
    assert.equal(link.connections, 1)
  })

  test('passes the end of a connection on, but not through a partition', async t => {
    const server = await serverFor(t)
    const link = await between(server.url)
    t.after(() => link.close())
    const nc = await connect({ servers: link.url })
    const clients = async () => (await server.monitor('/connz'))?.num_connections
    assert.equal(await clients(), 1)
    await link.partition()
    await nc.close()
    await delay(50)
    assert.equal(await clients(), 1, 'the server has not heard')
    await link.heal()
    while ((await clients()) !== 0) await delay(5)
  })
})

suite('processes', { timeout: 60_000 }, () => {
  test('a frozen server answers nobody; thawed, it goes on where it was', async t => {
    const server = await serverFor(t)
    const nc = await connectionTo(t, server.url)
    await freeze(server)
    const answer = nc.flush().then(() => 'answered')
    assert.equal(await Promise.race([answer, delay(100).then(() => 'silence')]), 'silence')
    await thaw(server)
    assert.equal(await answer, 'answered')
  })

  test('a killed one is gone', async t => {
    const server = await serverFor(t)
    await kill(server)
    await server.kill()
    assert.ok(!server.runs)
    await assert.rejects(connect({ servers: server.url }))
  })

  test('a skewed clock is wrong by so much, and durations are not', async t => {
    const env = { ...process.env, ...skewedFromStart(-5_000) }
    const child = fork(SKEWED, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    t.after(() => child.kill())
    await once(child, 'message')
    const now = async () => {
      const answer = once(child, 'message')
      child.send('now?')
      const [{ now, elapsed }] = (await answer) as [{ now: number; elapsed: number }]
      return { aheadMs: now - Date.now(), elapsed }
    }
    const first = await now()
    assert.ok(Math.abs(first.aheadMs + 5_000) < 1_000)
    await skewClock(child, 60_000)
    const second = await now()
    assert.ok(Math.abs(second.aheadMs - 60_000) < 1_000)
    assert.ok(second.elapsed - first.elapsed < 30_000)
    await skewClock(child, 0)
    const third = await now()
    assert.ok(third.aheadMs > 50_000, 'time does not run backwards: it goes on slowly')
  })
})

suite('a cluster whose routes fail', () => {
  test('goes on without an isolated leader, which comes back', { timeout: 120_000 }, async t => {
    const parts = await startPartitionableCluster()
    t.after(() => parts.stop())
    const { cluster } = parts
    const nc = await connectionTo(t, cluster.urls)
    const jsm = await jetstreamManager(nc)
    await eventually(() => jsm.streams.add({ name: 'S', subjects: ['s'], num_replicas: 3 }))
    await jetstream(nc).publish('s', '1')
    const leads = (await jsm.streams.info('S')).cluster?.leader
    const leader = cluster.servers.findIndex((_, index) => `n${index + 1}` === leads)
    const [other] = cluster.servers.filter((_, index) => index !== leader)
    const outside = await connectionTo(t, other!.url)
    await parts.isolate(leader)
    const js = jetstream(outside)
    const ack = await eventually(() => js.publish('s', '2', { msgID: '2', timeout: 1_000 }))
    assert.equal(ack.seq, 2)
    await parts.rejoin(leader)
    await cluster.ready()
    const alone = await connectionTo(t, cluster.servers[leader]!.url)
    const there = await eventually(() => jetstreamManager(alone))
    const message = await eventually(() => there.streams.getMessage('S', { seq: 2 }))
    assert.equal(message?.string(), '2')
  })
})
