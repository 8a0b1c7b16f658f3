/** Connections to the servers of a cluster: who is let in, what is refused, and how they come back. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { PerdureError, SetupError } from '../../../actors/errors.js'
import { type ClusterOptions, clusterOptionsOf, connectCluster } from '../../../cluster/connection.js'
import { freePort } from '../../../runtime/demo/nats-server/free-port.js'
import { Link } from '../../support/faults/link.js'
import { certificatesIn } from '../../support/nats/certificates.js'
import { nkeyUser, operatorUser, token, userAndPassword } from '../../support/nats/credentials.js'
import { serverFor } from '../../support/nats/nats-world.js'
import { until } from '../../support/until.js'

async function fileFor(t: TestContext, text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'perdure-connection-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'secret')
  await writeFile(file, text)
  return file
}

async function isLetIn(t: TestContext, options: ClusterOptions): Promise<void> {
  const connection = await connectCluster(options, 'test')
  t.after(() => connection.close())
  assert.equal(connection.isConnected, true)
  assert.equal(connection.maxPayload, 1_048_576)
  assert.match(connection.serverVersion, /^2\./)
}

async function isRefused(options: ClusterOptions, code: string, message: RegExp): Promise<void> {
  await assert.rejects(connectCluster(options, 'test'), (error: unknown) => {
    assert.ok(error instanceof SetupError || error instanceof PerdureError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
}

test('user and password, by option, in the url, or from the environment', async t => {
  const { url: servers, port } = await serverFor(t, { config: userAndPassword('ann', 'secret') })
  await isLetIn(t, { servers, user: 'ann', password: 'secret' })
  await isLetIn(t, { servers: `nats://ann:secret@127.0.0.1:${port}` })
  await isLetIn(t, clusterOptionsOf({ NATS_URL: servers, NATS_USER: 'ann', NATS_PASSWORD: 'secret' })!)
  await isRefused(
    { servers, user: 'ann', password: 'wrong' },
    'ClusterRefused',
    new RegExp(`${port}.*Authorization`),
  )
  await isRefused({ servers: `nats://bob:secret@127.0.0.1:${port}` }, 'ClusterRefused', /Authorization/)
})

test('a token', async t => {
  const { url: servers } = await serverFor(t, { config: token('secret') })
  await isLetIn(t, { servers, token: 'secret' })
  await isLetIn(t, { servers: servers.replace('//', '//secret@') })
  await isRefused({ servers }, 'ClusterRefused', /Authorization/)
})

test('an nkey seed, itself or in a file', async t => {
  const user = nkeyUser()
  const { url: servers } = await serverFor(t, { config: user.config })
  const seed = new TextDecoder().decode(user.seed)
  await isLetIn(t, { servers, nkeySeed: seed })
  const file = await fileFor(t, `# ours\n${seed}\n`)
  await isLetIn(t, clusterOptionsOf({ NATS_URL: servers, NATS_NKEY: file })!)
  await isRefused(
    { servers, nkeySeed: '/nowhere/seed' },
    'ClusterRefused',
    /nkey seed: expected to read \/nowhere/,
  )
})

test('a credentials file', async t => {
  const user = operatorUser()
  const { url: servers } = await serverFor(t, { config: user.config })
  await isLetIn(t, { servers, credentialsFile: await fileFor(t, user.creds) })
  await isRefused({ servers, credentialsFile: '/nowhere/x.creds' }, 'ClusterRefused', /\/nowhere\/x\.creds/)
})

test('TLS, with a certificate of its own', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'perdure-tls-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const { ca, server, client } = await certificatesIn(directory)
  const { url: servers } = await serverFor(t, { tls: { ...server, ca } })
  await isLetIn(t, { servers, tls: { caFile: ca, certFile: client.cert, keyFile: client.key } })
  const env = { NATS_URL: servers, NATS_CA: ca, NATS_CERT: client.cert, NATS_KEY: client.key }
  await isLetIn(t, clusterOptionsOf(env)!)
  await isRefused({ servers }, 'ClusterRefused', /certificate|tls/i)
})

test('servers that do not answer are named', async () => {
  const [one, two] = [await freePort(), await freePort()]
  const servers = [`nats://127.0.0.1:${one}`, `ann:secret@127.0.0.1:${two}`]
  await isRefused({ servers }, 'Unavailable', new RegExp(`127.0.0.1:${one}, 127.0.0.1:${two}`))
  await isRefused({ servers: ' , ' }, 'InvalidDefinition', /servers: expected at least one/)
})

test('of several servers one that answers is enough', async t => {
  const { url } = await serverFor(t)
  await isLetIn(t, { servers: `nats://127.0.0.1:${await freePort()},${url}` })
})

test('a server without JetStream, with small messages or too old is unfit', async t => {
  const small = await serverFor(t, { maxPayloadBytes: 100_000 })
  await isRefused({ servers: small.url }, 'ServerUnfit', /max_payload of at least 528384 bytes, found 100000/)
  const config = 'accounts { A { users: [ { user: "ann", password: "secret" } ] } }'
  const without = await serverFor(t, { config })
  await isRefused(
    { servers: without.url, user: 'ann', password: 'secret' },
    'ServerUnfit',
    /JetStream for this account/,
  )
  await isRefused({ servers: await oldServer(t) }, 'ServerUnfit', /version 2\.12 or newer, found 2\.11\.9/)
})

/** Says hello as an older server does, and answers pings. */
async function oldServer(t: TestContext): Promise<string> {
  const info = {
    server_id: 'S',
    version: '2.11.9',
    proto: 1,
    headers: true,
    jetstream: true,
    max_payload: 1_048_576,
  }
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
    socket.on('data', data => {
      if (data.includes('PING')) socket.write('PONG\r\n')
    })
  })
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `nats://127.0.0.1:${port}`
}

test('it comes back whenever the server does, and says so', async t => {
  const server = await serverFor(t)
  const link = await Link.to(server.port)
  t.after(() => link.close())
  const connection = await connectCluster({ servers: link.url }, 'test')
  t.after(() => connection.close())
  const news: string[] = []
  connection.onChange(state => void news.push(state))
  await link.cut()
  await until(() => news.includes('disconnected') || undefined)
  await connection.connected()
  await server.kill()
  await until(() => news.length === 3 || undefined)
  assert.equal(connection.isConnected, false)
  const back = connection.connected()
  await server.restart()
  await back
  await connection.close()
  assert.deepEqual(news, ['disconnected', 'connected', 'disconnected', 'connected', 'closed'])
  await assert.rejects(connection.connected(), /the connection 'test' to NATS is closed/)
})

test('closed while the server is away, those who wait for it hear so', async t => {
  const server = await serverFor(t)
  const connection = await connectCluster({ servers: server.url }, 'test')
  await server.kill()
  await until(() => !connection.isConnected || undefined)
  const back = connection.connected()
  await connection.close()
  await assert.rejects(back, { code: 'Unavailable' })
})
