/**
 * Servers for tests: ready when they say so, on ports of their own, gone with whoever started them; as a cluster
 * with a leader; with TLS and every kind of credentials.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import {
  connect,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node'
import { startNatsCluster } from '../../../runtime/demo/nats-server/start-cluster.js'
import { startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { certificatesIn } from '../../support/nats/certificates.js'
import { accounts, nkeyUser, operatorUser, token, userAndPassword } from '../../support/nats/credentials.js'
import { connectionTo, eventually, reconnected, serverFor } from '../../support/nats/nats-world.js'

const OWNER = fileURLToPath(new URL('../../support/nats/server-owner.js', import.meta.url))

suite('one server', { timeout: 60_000 }, () => {
  test('is ready when its promise is, keeps its streams over kill and restart, and leaves nothing', async () => {
    const server = await startNatsServer()
    const nc = await connect({ servers: server.url, reconnectTimeWait: 20 })
    const jsm = await jetstreamManager(nc)
    await jsm.streams.add({ name: 'S', subjects: ['s'] })
    await jetstream(nc).publish('s', 'kept')
    const { pid } = server
    const again = reconnected(nc)
    await server.kill()
    await server.restart()
    await again
    assert.notEqual(server.pid, pid)
    assert.equal((await jsm.streams.getMessage('S', { seq: 1 }))?.string(), 'kept')
    await nc.close()
    const { storeDir } = server
    assert.ok(existsSync(storeDir))
    await server.stop()
    assert.ok(!existsSync(dirname(storeDir)))
  })

  test('keeps a store it was given, and takes options', async t => {
    const storeDir = await mkdtemp(join(tmpdir(), 'perdure-store-'))
    t.after(() => rm(storeDir, { recursive: true }))
    const options = { storeDir, maxPayloadBytes: 2_000, domain: 'hub', syncAlways: true }
    const server = await startNatsServer(options)
    const nc = await connect({ servers: server.url })
    assert.equal(nc.info?.max_payload, 2_000)
    await nc.close()
    const { config } = (await server.monitor('/jsz')) as {
      config: { sync_always?: boolean; domain?: string }
    }
    assert.equal(config.sync_always, true)
    assert.equal(config.domain, 'hub')
    await server.stop()
    assert.ok(existsSync(storeDir))
  })

  test('says why it does not start', async () => {
    await assert.rejects(
      startNatsServer({ config: 'no such setting: 1' }),
      /ended before it was ready: .*Parse error/,
    )
  })

  test('does not outlive a process that was killed', async () => {
    const owner = spawn(process.execPath, [OWNER], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said] = (await once(owner.stdout, 'data')) as [Buffer]
    const { pid, storeDir } = JSON.parse(said.toString()) as { pid: number; storeDir: string }
    assert.ok(isAlive(pid))
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    while (isAlive(pid) || existsSync(dirname(storeDir))) await delay(5)
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

suite('three servers', () => {
  test('have a leader when they are ready, replicate at once, and go on without one', {
    timeout: 120_000,
  }, async () => {
    const cluster = await startNatsCluster()
    const nc = await connect({ servers: cluster.urls })
    const jsm = await jetstreamManager(nc)
    const { cluster: group } = (await jsm.streams.add({ name: 'S', subjects: ['s'], num_replicas: 3 })) ?? {}
    assert.equal(group?.replicas?.length, 2)
    const js = jetstream(nc)
    await js.publish('s', '1')
    const leader = await cluster.leader()
    assert.ok(leader)
    await leader.kill()
    assert.notEqual(await eventually(() => cluster.leader()), leader)
    assert.equal((await eventually(() => js.publish('s', '2', { msgID: '2' }))).seq, 2)
    await leader.restart()
    await cluster.ready()
    await nc.close()
    await cluster.stop()
  })
})

suite('who is let in', () => {
  const { seed, config: nkeyConfig } = nkeyUser()
  const operator = operatorUser()
  const enter: Readonly<Record<string, [config: string, options: NodeConnectionOptions]>> = {
    'a user with a password': [userAndPassword('ann', 'secret'), { user: 'ann', pass: 'secret' }],
    'a token': [token('let-me-in'), { token: 'let-me-in' }],
    'an nkey': [nkeyConfig, { authenticator: nkeyAuthenticator(seed) }],
    'a user of an account': [accounts({ A: ['ann'], B: ['bob'] }), { user: 'bob', pass: 'bob' }],
    'a credentials file': [
      operator.config,
      { authenticator: credsAuthenticator(new TextEncoder().encode(operator.creds)) },
    ],
  }
  for (const [who, [config, options]] of Object.entries(enter))
    test(who, async t => {
      const server = await serverFor(t, { config })
      await assert.rejects(connect({ servers: server.url }), { name: 'AuthorizationError' })
      const nc = await connectionTo(t, server.url, options)
      await (await jetstreamManager(nc)).streams.add({ name: 'S', subjects: ['s'] })
      assert.equal((await jetstream(nc).publish('s')).seq, 1)
    })

  test('accounts do not see each other', async t => {
    const server = await serverFor(t, { config: accounts({ A: ['ann'], B: ['bob'] }) })
    const ann = await jetstreamManager(await connectionTo(t, server.url, { user: 'ann', pass: 'ann' }))
    const bob = await jetstreamManager(await connectionTo(t, server.url, { user: 'bob', pass: 'bob' }))
    await ann.streams.add({ name: 'S', subjects: ['s'] })
    await assert.rejects(bob.streams.info('S'), { name: 'StreamNotFoundError', code: 10059 })
  })

  test('by TLS, only one whom the authority knows', async t => {
    const directory = await mkdtemp(join(tmpdir(), 'perdure-tls-'))
    t.after(() => rm(directory, { recursive: true }))
    const { ca, server: own, client } = await certificatesIn(directory)
    const server = await serverFor(t, { tls: { ...own, ca } })
    const trust = { ca: await readFile(ca, 'utf8') }
    await assert.rejects(connect({ servers: server.url }), 'the authority is unknown here')
    await assert.rejects(
      connect({ servers: server.url, tls: trust, reconnect: false }),
      'no certificate of its own',
    )
    const [cert, key] = [await readFile(client.cert, 'utf8'), await readFile(client.key, 'utf8')]
    const nc = await connectionTo(t, server.url, { tls: { ...trust, cert, key } })
    await nc.flush()
    assert.equal(nc.info?.tls_required, true)
  })
})
