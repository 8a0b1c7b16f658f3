/** The streams and buckets of a cluster, on a real server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { StreamConfig } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { SetupError } from '../../../actors/errors.js'
import type { ClusterConnection } from '../../../cluster/connection.js'
import { type ClusterShape, prepareStreams } from '../../../cluster/streams/setup.js'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { connectionFor } from '../../support/cluster-log.js'

let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
after(() => server.stop())

test('all is made once, by whoever comes first, and found by the others', async t => {
  const connections = await Promise.all(['a', 'b', 'c'].map(label => connectionFor(t, server.url, label)))
  const grounds = await Promise.all(connections.map(one => prepareStreams(one, 'both', { shards: 16 })))
  const [first] = grounds
  for (const { names: _, ...ground } of grounds) {
    const { names, ...expected } = first!
    assert.deepEqual(ground, expected)
  }
  assert.equal(first?.shards, 16)
  assert.equal(first?.incarnation, 1)
  assert.deepEqual(first?.durability, { replicas: 1, sync: 'unknown' })
  assert.deepEqual(first?.warnings, [])
  const again = await prepareStreams(connections[0]!, 'both')
  assert.deepEqual([again.shards, again.commandsCreated], [16, first?.commandsCreated])
})

test('a command is kept under its shard, its id once, and a full stream refuses', async t => {
  const connection = await connectionFor(t, server.url)
  const { names } = await prepareStreams(connection, 'keeps', { shards: 4, commandBytesMax: 2_000 })
  const publish = (id: string, body = '{}') => {
    const made = headers()
    made.set('Nats-Msg-Id', id)
    return connection.js.publish(names.command('order/o-1'), body, { headers: made })
  }
  await publish('order/o-1/a')
  assert.equal((await publish('order/o-1/a')).duplicate, true)
  const kept = await connection.jsm.streams.getMessage(names.commandsStream, { seq: 1 })
  assert.match(kept!.subject, /^keeps\.shard\.[0-3]\.order\.o-1$/)
  await assert.rejects(publish('order/o-1/b', 'x'.repeat(2_000)), /maximum bytes exceeded/)
})

const wrong: readonly [
  what: string,
  stream: 'COMMANDS' | 'JOURNAL' | 'EVENTS',
  config: object,
  field: string,
][] = [
  ['commands that are dropped', 'COMMANDS', { discard: 'old' }, 'discard'],
  ['commands that age', 'COMMANDS', { max_age: 3600e9 }, 'max_age'],
  ['a log that drops', 'JOURNAL', { max_bytes: 1_000_000 }, 'max_bytes'],
  ['a log without batches', 'JOURNAL', { allow_atomic: false }, 'allow_atomic'],
  ['a log without direct reads', 'JOURNAL', { allow_direct: false }, 'allow_direct'],
  ['events without a source', 'EVENTS', { sources: undefined, subjects: ['elsewhere.>'] }, 'sources'],
]

for (const [what, stream, config, field] of wrong) {
  test(`${what}: refused, and nothing is changed`, async t => {
    const connection = await connectionFor(t, server.url)
    const name = `wrong-${field.replace('_', '-')}-${stream.toLowerCase()}`
    const full = `${name.toUpperCase()}_${stream}`
    await prepareStreams(connection, name)
    const { config: made } = await connection.jsm.streams.info(full)
    await connection.jsm.streams.delete(full)
    const { metadata: _, ...rest } = made
    await connection.jsm.streams.add({ ...rest, ...config } as StreamConfig)
    const before = await connection.jsm.streams.info(full)
    await refused(connection, name, {}, { stream: full, field })
    assert.deepEqual((await connection.jsm.streams.info(full)).config, before.config)
  })
}

test('another number of shards is refused', async t => {
  const connection = await connectionFor(t, server.url)
  await prepareStreams(connection, 'count', { shards: 8 })
  const error = await refused(
    connection,
    'count',
    { shards: 16 },
    { stream: 'COUNT_COMMANDS', field: 'subject_transform' },
  )
  assert.match(error.message, /partition\(16,1,2\).*found.*partition\(8,1,2\)/)
})

test('fewer replicas than asked for are told, more than there are servers refused', async t => {
  const connection = await connectionFor(t, server.url)
  await assert.rejects(prepareStreams(connection, 'copies', { replicas: 3 }), (error: unknown) => {
    assert.ok(error instanceof SetupError && error.code === 'StreamMismatch')
    assert.match(error.message, /stream COPIES_COMMANDS: .*replicas/)
    return true
  })
  await prepareStreams(connection, 'copies', { replicas: 1 })
  const { warnings } = await prepareStreams(connection, 'copies', { replicas: 3 })
  assert.equal(warnings[1], 'stream COPIES_JOURNAL: expected 3 replicas, found 1')
})

test('who only uses a cluster makes none', async t => {
  const connection = await connectionFor(t, server.url)
  await refused(connection, 'none', { mustExist: true }, { stream: 'NONE_COMMANDS', field: 'it' })
  await assert.rejects(connection.jsm.streams.info('NONE_COMMANDS'))
})

test('a log that was made anew is refused, or begins a new life above every journal', async t => {
  const connection = await connectionFor(t, server.url)
  await prepareStreams(connection, 'anew')
  await connection.jsm.streams.delete('ANEW_JOURNAL')
  await refused(connection, 'anew', {}, { stream: 'ANEW_JOURNAL', field: 'created' })
  assert.equal((await prepareStreams(connection, 'anew', { remadeAbove: 4 })).incarnation, 5)
  assert.equal((await prepareStreams(connection, 'anew')).incarnation, 5)
})

test('a bucket that was lost takes up where the log is', async t => {
  const connection = await connectionFor(t, server.url)
  const { names } = await prepareStreams(connection, 'lost')
  await connection.js.publish(names.commit(3, 1), 'x')
  await connection.jsm.streams.delete('KV_lost_shards')
  assert.equal((await prepareStreams(connection, 'lost')).incarnation, 3)
})

test('a shape that cannot be is refused before anything is made', async t => {
  const connection = await connectionFor(t, server.url)
  await assert.rejects(
    prepareStreams(connection, 'shape', { shards: 0 }),
    /shards: expected a whole number from 1/,
  )
  await assert.rejects(prepareStreams(connection, 'shape', { shards: 2_000 }), /at most 1024, found 2000/)
  await assert.rejects(prepareStreams(connection, 'Shape', {}), /cluster name: expected .* found 'Shape'/)
  await assert.rejects(connection.jsm.streams.info('SHAPE_COMMANDS'))
})

async function refused(
  connection: ClusterConnection,
  name: string,
  shape: ClusterShape,
  where: { readonly stream: string; readonly field: string },
): Promise<SetupError> {
  const error = await prepareStreams(connection, name, shape).then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SetupError, String(error))
  assert.equal(error.code, 'StreamMismatch')
  assert.deepEqual([error.details.stream, error.details.field], [where.stream, where.field])
  return error
}
