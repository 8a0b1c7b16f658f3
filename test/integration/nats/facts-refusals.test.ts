/**
 * What one hears who publishes and is refused, or heard by nobody, asked of a real server and the client library.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { freeze, kill, thaw } from '../../support/faults/processes.js'
import { connectionTo, reconnected, serverFor } from '../../support/nats/nats-world.js'

suite('a publication that is refused', () => {
  test('by a stream that takes nothing new, or nothing so large', async t => {
    const nc = await connectionTo(t, (await serverFor(t)).url)
    const [js, jsm] = [jetstream(nc), await jetstreamManager(nc)]
    await jsm.streams.add({ name: 'S', subjects: ['s'], max_msgs: 1, discard: 'new' })
    await js.publish('s')
    const api = { name: 'JetStreamApiError' }
    const full = { ...api, status: 503, code: 10077, message: 'maximum messages exceeded' }
    await assert.rejects(js.publish('s'), full)
    await jsm.streams.update('S', { max_msgs: 10, max_bytes: 100 })
    await assert.rejects(js.publish('s', 'x'.repeat(200)), { ...full, message: 'maximum bytes exceeded' })
    await jsm.streams.update('S', { max_bytes: -1, max_msg_size: 100 })
    const large = { ...api, status: 400, code: 10054, message: 'message size exceeds maximum allowed' }
    await assert.rejects(js.publish('s', 'x'.repeat(200)), large)
    assert.equal((await js.publish('s')).seq, 2)
  })

  test('for its size by the client already, as the server told it; headers count', async t => {
    const nc = await connectionTo(t, (await serverFor(t, { maxPayloadBytes: 1_000 })).url)
    await (await jetstreamManager(nc)).streams.add({ name: 'S', subjects: ['s'] })
    const large = { name: 'InvalidArgumentError', message: "'payload' max_payload size exceeded" }
    await assert.rejects(jetstream(nc).publish('s', 'x'.repeat(1_001)), large)
    await assert.rejects(jetstream(nc).publish('s', 'x'.repeat(990), { msgID: 'a long id' }), large)
  })

  test('because no stream has its subject', async t => {
    const nc = await connectionTo(t, (await serverFor(t)).url)
    await assert.rejects(jetstream(nc).publish('nobody'), (error: Error) => {
      assert.equal(error.name, 'JetStreamNotEnabled')
      assert.equal((error.cause as Error).name, 'RequestError')
      assert.equal((error.cause as Error).message, "no responders: 'nobody'")
      return true
    })
  })
})

suite('a publication whose server is away', { timeout: 60_000 }, () => {
  test('frozen: it times out, and may have been taken none the less', async t => {
    const server = await serverFor(t)
    const nc = await connectionTo(t, server.url)
    const jsm = await jetstreamManager(nc)
    await jsm.streams.add({ name: 'S', subjects: ['s'] })
    await freeze(server)
    const timedOut = { name: 'TimeoutError', message: 'timeout' }
    await assert.rejects(jetstream(nc).publish('s', '', { timeout: 200 }), timedOut)
    await thaw(server)
    while ((await jsm.streams.info('S')).state.last_seq !== 1);
  })

  test('killed: one on its way waits for its time-out all the same; one sent meanwhile times out, and is never sent', async t => {
    const server = await serverFor(t)
    const nc = await connectionTo(t, server.url, { reconnectTimeWait: 20, maxReconnectAttempts: -1 })
    const jsm = await jetstreamManager(nc)
    await jsm.streams.add({ name: 'S', subjects: ['s'] })
    await freeze(server)
    const begun = performance.now()
    const timedOut = { name: 'TimeoutError', message: 'timeout' }
    const again = reconnected(nc)
    const ended = assert
      .rejects(jetstream(nc).publish('s', '', { timeout: 1_500 }), timedOut)
      .then(() => performance.now() - begun)
    await kill(server)
    await server.kill()
    assert.ok((await ended) >= 1_490, 'the end of the connection did not end it')
    const meanwhile = jetstream(nc).publish('s', '', { timeout: 3_000 })
    const lost = assert.rejects(meanwhile, timedOut)
    await server.restart()
    await again
    await lost
    assert.equal((await jsm.streams.info('S')).state.last_seq, 0)
  })
})
