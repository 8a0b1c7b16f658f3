import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { gate } from '../../support/engine-world.js'
import { codeOf, HttpWorld, parcel, strict } from '../../support/http-world.js'

const P = '/actors/parcel/p-1'
const S = '/actors/strict/s'

suite('what the HTTP door refuses', () => {
  test('each failure has its status and its code, and names the actor', async () => {
    await using world = await HttpWorld.open()
    await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
    const cases: [string, Parameters<HttpWorld['ask']>[1], number, string][] = [
      ['/actors/parcel/none', {}, 404, 'NotFound'],
      [`${P}?child=none`, {}, 404, 'NotFound'],
      ['/actors/nothing/x', {}, 404, 'NotFound'],
      ['/actors/nothing/x/tell', { body: { type: 'A' } }, 404, 'NotFound'],
      ['/actors/parcel/none/tell', { body: { type: 'PICK' } }, 404, 'NotFound'],
      ['/dead-letters/none', {}, 404, 'NotFound'],
      ['/dead-letters/none/retry', { method: 'POST' }, 404, 'NotFound'],
      ['/actors/strict/s/tell', { body: { type: 'NOPE' } }, 409, 'NotHandled'],
      ['/actors/strict/s/tell', { body: { type: 'ADD', n: -1 } }, 422, 'StepFailed'],
      [`${P}/select/fails`, {}, 422, 'StepFailed'],
      [`${P}/select/nope`, {}, 400, 'InvalidEvent'],
      [`${P}/select/odd`, {}, 400, 'InvalidEvent'],
      [`${P}/tell`, { body: { type: 'xstate.init' } }, 400, 'InvalidEvent'],
      [`${P}/tell`, { body: { typ: 'ADD' } }, 400, 'InvalidEvent'],
      [`${P}/tell`, { body: { event: 7 } }, 400, 'InvalidEvent'],
      [`${P}/tell`, { body: ['PICK'] }, 400, 'InvalidEvent'],
      [`${P}/tell`, { method: 'POST' }, 400, 'InvalidEvent'],
      [`${P}/tell?delayMs=-1`, { body: { type: 'PICK' } }, 400, 'InvalidEvent'],
      [`${P}/ask?until=`, { body: { type: 'PICK' } }, 400, 'InvalidEvent'],
      [`${P}/ask?timeoutMs=soon`, { body: { type: 'PICK' } }, 400, 'InvalidEvent'],
      [`${P}/ask?until=a&until=b`, { body: { type: 'PICK' } }, 400, 'InvalidEvent'],
      [`${P}/terminate`, { body: {} }, 400, 'InvalidEvent'],
      [`${P}/terminate`, { body: { reason: '' } }, 400, 'InvalidEvent'],
      [`${P}/terminate`, { body: { reason: ' ' } }, 400, 'InvalidEvent'],
      [`${P}/terminate`, { method: 'POST' }, 400, 'InvalidEvent'],
      ['/dead-letters/0-0/drop', { body: { reason: '' } }, 400, 'InvalidEvent'],
      [`${P}?atSeq=999`, {}, 404, 'NotFound'],
      [`${P}?atSeq=x`, {}, 400, 'InvalidEvent'],
      [`${P}?child=%25zz`, {}, 400, 'InvalidEvent'],
      ['/actors/parcel/%zz', {}, 400, 'InvalidEvent'],
      [`/actors/parcel/${'k'.repeat(300)}`, {}, 400, 'InvalidEvent'],
      ['/actors?limit=0', {}, 400, 'InvalidEvent'],
      ['/actors?status=odd', {}, 400, 'InvalidEvent'],
      ['/actors?type=nope', {}, 404, 'NotFound'],
      ['/actors/count?type=nope', {}, 404, 'NotFound'],
      [`${P}/changes?after=x`, {}, 400, 'InvalidEvent'],
      ['/actors/nothing/x/changes', {}, 404, 'NotFound'],
      ['/nowhere', {}, 404, 'NotFound'],
      ['/actors/parcel', {}, 404, 'NotFound'],
      ['/backup', { body: { to: '/tmp/x' } }, 404, 'NotFound'],
    ]
    for (const [path, asking, status, code] of cases) {
      const reply = await world.ask(path, asking)
      assert.deepEqual([path, reply.status, String(codeOf(reply))], [path, status, code])
      const { message, retryable } = reply.body.error as Record<string, unknown>
      assert.equal(reply.body.ok, false)
      assert.ok(String(message).length > 10, `${path}: ${message}`)
      assert.equal(typeof retryable, 'boolean')
    }
    const none = await world.ask('/actors/parcel/none')
    assert.equal((none.body.error as { actorId?: unknown }).actorId, 'parcel/none')
    const nowhere = await world.ask('/nowhere')
    assert.match(String((nowhere.body.error as { message: unknown }).message), /GET \/actors\/:type\/:key/)
  })

  test('a time-out is 504, and names the id to ask again with', async () => {
    await using world = await HttpWorld.open()
    await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
    const body = { type: 'PICK' }
    const asked = world.ask(`${P}/ask?until=arrived&timeoutMs=500`, {
      body,
      headers: { 'idempotency-key': 'w' },
    })
    await world.rt.actor(parcel, 'p-1').waitFor(snapshot => snapshot.seq > 1)
    await world.rt.advance(500)
    const reply = await asked
    assert.deepEqual([reply.status, codeOf(reply)], [504, 'Timeout'])
    const { retryable, details } = reply.body.error as { retryable: unknown; details: unknown }
    assert.deepEqual([retryable, details], [true, { timeoutMs: 500, commandId: 'w' }])
  })

  test('a full inbox is 503 with when to come again; so is a runtime that has stopped', async () => {
    await using full = await HttpWorld.open({ inboxCommandsMax: 1, batchCommandsMax: 1 })
    // A disk that takes its time: one command is being committed, the next is stepped, one waits, and there is no more room.
    const { journal, inbox } = full.rt.engine.shard
    const [commit, disk] = [journal.append.bind(journal), gate()]
    using _ = { [Symbol.dispose]: disk.open }
    journal.append = async made => {
      await disk.opened
      return commit(made)
    }
    const crowd = []
    for (let n = 0; n < 20; n++) {
      const sending = full.rt.actor(strict, 'other').send({ type: 'ADD', n: 1 })
      crowd.push(
        sending.then(
          () => 'sent',
          ({ code }) => code,
        ),
      )
      await new Promise(setImmediate)
    }
    assert.equal(inbox.size, 1)
    const refused = await full.ask('/actors/strict/s/tell', { body: { type: 'ADD', n: 1 } })
    assert.equal(refused.status, 503)
    assert.equal(codeOf(refused), 'Overloaded')
    assert.equal(refused.headers.get('retry-after'), '1')
    assert.equal((refused.body.error as { retryable: unknown }).retryable, true)
    disk.open()
    assert.deepEqual(new Set(await Promise.all(crowd)), new Set(['sent', 'Overloaded']))
    assert.equal((await full.ask('/actors/strict/s/tell', { body: { type: 'ADD', n: 1 } })).status, 200)
    await using world = await HttpWorld.open()
    await world.rt.stop()
    for (const path of ['/', '/actors', S, `${S}/changes`, `${S}/events`, '/dead-letters', '/stats'])
      assert.deepEqual([path, codeOf(await world.ask(path))], [path, 'Unavailable'])
    const late = await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', n: 1 } })
    assert.deepEqual([late.status, codeOf(late)], [503, 'Unavailable'])
  })

  test('a caller who goes away in the middle of a body is nobody’s failure', async () => {
    await using world = await HttpWorld.open()
    const logged: unknown[] = []
    world.rt.engine.handlerSite.logger.error = (facts: object) => logged.push(facts)
    const { hostname, port } = new URL(world.url)
    const outgoing = request({ hostname, port, path: `${S}/tell`, method: 'POST' })
    outgoing.on('error', () => {})
    const met = new Promise<IncomingMessage>(resolve => world.server.once('request', resolve))
    outgoing.write('{"type":')
    const incoming = await met
    const closed = new Promise(resolve => incoming.once('close', resolve))
    outgoing.destroy()
    await closed
    assert.equal((await world.ask('/actors/count')).body.count, 0)
    assert.deepEqual(logged, [])
  })

  test('a body of which more is sent than is read is answered, and its connection ended', async () => {
    await using world = await HttpWorld.open({ requestBytesMax: 1_000 })
    const { hostname, port } = new URL(world.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    const closed = once(socket, 'close')
    let heard = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text
    })
    socket.write(`POST ${S}/tell HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(8_001)}`)
    await closed
    assert.match(heard, /^HTTP\/1\.1 413 .*connection: close.*at most 1000 are allowed/is)
  })

  test('methods, media types and bodies that are not taken', async () => {
    await using world = await HttpWorld.open({ requestBytesMax: 1_000 })
    const wrong = await world.ask(`${P}/tell`)
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST, OPTIONS'])
    const deleted = await world.ask(P, { method: 'DELETE' })
    assert.deepEqual([deleted.status, deleted.headers.get('allow')], [405, 'GET, HEAD, OPTIONS'])
    const options = await world.ask(P, { method: 'OPTIONS' })
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS'])

    const raw = (body: string, type: string) =>
      fetch(`${world.url}/actors/strict/s/tell`, {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      })
    assert.equal((await raw('{"type":', 'application/json')).status, 400)
    assert.equal((await raw('\xff\xff', 'application/msgpack')).status, 400)
    assert.equal((await raw('type=ADD', 'application/x-www-form-urlencoded')).status, 415)
    assert.equal((await raw('{"type":"ADD","n":1}', 'application/json; charset=utf-8')).status, 200)
    const large = await world.ask('/actors/strict/s/tell', { body: { type: 'ADD', text: 'x'.repeat(1_000) } })
    assert.deepEqual([large.status, codeOf(large)], [413, 'InvalidEvent'])
    // The count is what was applied: nothing of what was refused.
    const { body } = await world.ask('/actors/strict/s')
    assert.equal((body.actor as { context: { n: unknown } }).context.n, 1)
  })

  test('HEAD has the headers and no body; nothing may be cached', async () => {
    await using world = await HttpWorld.open()
    const head = await fetch(`${world.url}/stats`, { method: 'HEAD' })
    assert.equal(head.status, 200)
    assert.equal(head.headers.get('cache-control'), 'no-store, no-transform')
    assert.equal(head.headers.get('content-type'), 'application/json; charset=utf-8')
    assert.ok(Number(head.headers.get('content-length')) > 0)
    assert.equal(await head.text(), '')
    const stream = await fetch(`${world.url}${P}/changes`, { method: 'HEAD' })
    assert.equal(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  })

  test('keys of every kind keep their names, dots and slashes among them', async () => {
    await using world = await HttpWorld.open()
    for (const key of ['a/b', 'ä ö', '%', 'a?b#c', 'x.y']) {
      const path = `/actors/strict/${encodeURIComponent(key)}/ask`
      const { body } = await world.ask(path, { body: { type: 'ADD', n: 1 } })
      assert.equal((body.snapshot as { context: { n: unknown } }).context.n, 1)
    }
    // What URL parsers would take for a way up is a key like any other to whoever sends it as it is.
    const status = await new Promise(resolve => {
      const { hostname, port } = new URL(world.url)
      request({ hostname, port, path: '/actors/strict/%2E%2E' }, response => {
        response.resume()
        resolve(response.statusCode)
      }).end()
    })
    assert.equal(status, 404)
    assert.equal((await world.ask('/actors/count')).body.count, 5)
  })
})
