/** A client of a cluster, with the handles of a runtime. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { setup } from 'xstate'
import { PerdureError, SetupError } from '../../../actors/errors.js'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { connect, defineActor } from '../../../runtime/index.js'
import { parcel, strict } from '../../support/http-world.js'
import { connectionTo } from '../../support/nats/nats-world.js'
import { runningMember } from '../../support/running-member.js'

let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
after(() => server.stop())

test('a client asks, follows and lists actors of all shards, whoever owns them', async t => {
  const servers = server.url
  for (const member of ['m1', 'm2'])
    await runningMember(t, [parcel, strict], { servers, name: 'two', shards: 8, member })
  const client = await connect({ actors: [parcel, strict], servers, name: 'two' })
  t.after(() => client[Symbol.asyncDispose]())
  const keys = Array.from({ length: 12 }, (_, n) => `s-${n}`)
  for (const key of keys) await client.actor(strict, key).ask({ type: 'ADD', n: 5 })
  const listed: string[] = []
  for await (const one of client.list(strict)) listed.push(one.id)
  assert.deepEqual(listed, keys.map(key => `strict/${key}`).sort())
  const handle = client.actor(parcel, 'p-1')
  await handle.start({ to: 'ann' })
  const weights: number[] = []
  handle.on('WEIGHED', event => weights.push(event.grams))
  const states: string[] = []
  handle.subscribe(snapshot => states.push(JSON.stringify(snapshot.value)))
  const receipt = await handle.send({ type: 'WEIGH', grams: 3 })
  assert.equal(receipt.durability, 'replicated')
  await handle.send({ type: 'APPROVE', by: 'bob' })
  const arrived = await handle.waitFor(snapshot => snapshot.matches('arrived'))
  assert.equal(arrived.context.by, 'bob')
  assert.equal(await handle.select('by'), 'bob')
  assert.deepEqual(weights, [3])
  assert.ok(states.includes('"sent"'), states.join())
})

test('a client makes nothing: a cluster that is not there is refused by name', async t => {
  const nc = await connectionTo(t, server.url)
  const error = await connect({ actors: [strict], servers: server.url, name: 'nowhere' }).then(
    () => assert.fail('there is none'),
    error => error,
  )
  assert.ok(error instanceof SetupError)
  assert.deepEqual([error.code, error.details?.stream], ['StreamMismatch', 'NOWHERE_COMMANDS'])
  const streams = await (await jetstreamManager(nc)).streams.names().next()
  assert.ok(!streams.some(name => name.includes('NOWHERE')), streams.join())
})

test('a client is refused for a type that no member has, and when no server answers', async t => {
  const servers = server.url
  await runningMember(t, [strict], { servers, name: 'types', shards: 4 })
  const code = (error: unknown) => (error instanceof PerdureError ? error.code : String(error))
  const stranger = defineActor({ machine: setup({}).createMachine({ id: 'stranger' }), version: '1' })
  await assert.rejects(connect({ actors: [stranger], servers, name: 'types' }), error => {
    assert.equal(code(error), 'NotFound')
    return true
  })
  await assert.rejects(connect({ actors: [strict], servers: 'nats://127.0.0.1:1' }), error => {
    assert.equal(code(error), 'Unavailable')
    return true
  })
})
