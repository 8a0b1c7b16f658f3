import assert from 'node:assert/strict'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { suite, test } from 'node:test'
import { createParser } from 'eventsource-parser'
import { decode } from '../../../actors/codec.js'
import type { ActorView } from '../../../runtime/api/api.js'
import { HttpWorld, parcel } from '../../support/http-world.js'

const P = '/actors/parcel/p-1'

async function born(world: HttpWorld): Promise<void> {
  await world.ask(`${P}/start`, { body: { input: { to: 'Ann' } } })
}

async function weigh(world: HttpWorld, from: number, to: number): Promise<void> {
  const p = world.rt.actor(parcel, 'p-1')
  for (let grams = from; grams <= to; grams++) await p.send({ type: 'WEIGH', grams })
}

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

suite('streams over HTTP', () => {
  test('changes: all from the beginning, then as they come, each named by its seq', async () => {
    await using world = await HttpWorld.open({ readAheadEntriesMax: 4 })
    await born(world)
    await weigh(world, 1, 9)
    const stream = await world.events(`${P}/changes?after=0`)
    assert.equal(stream.response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
    const first = await stream.next()
    assert.deepEqual([first?.event, first?.id], ['change', '1'])
    const past = await stream.take<ActorView>(9)
    assert.deepEqual(
      past.map(view => view.seq),
      upTo(2, 10),
    )
    assert.equal(past[0]?.state, undefined)
    await weigh(world, 10, 12)
    const [, , last] = await stream.take<ActorView>(3)
    assert.deepEqual((last!.context as { grams: unknown }).grams, upTo(3, 12))
    stream.close()
  })

  test('a reader that was cut off goes on where it was, and misses nothing', async () => {
    await using world = await HttpWorld.open()
    await born(world)
    const seqs: number[] = []
    const adding = weigh(world, 1, 60)
    let lastId = '0'
    for (const share of [7, 1, 20, 33]) {
      const stream = await world.events(`${P}/changes?after=999`, { 'last-event-id': lastId })
      for (let n = 0; n < share; n++) {
        const event = await stream.next()
        lastId = event!.id!
        seqs.push(Number(lastId))
      }
      stream.close()
    }
    await adding
    assert.deepEqual(seqs, upTo(1, 61))
  })

  test('from now on, when it does not say from where', async () => {
    await using world = await HttpWorld.open()
    await born(world)
    const stream = await world.events(`${P}/changes`)
    await weigh(world, 1, 1)
    const [view] = await stream.take<ActorView>(1)
    assert.equal(view?.seq, 2)
    stream.close()
  })

  test('what it emits', async () => {
    await using world = await HttpWorld.open()
    await born(world)
    const stream = await world.events(`${P}/events`)
    await weigh(world, 1, 3)
    const event = await stream.next()
    assert.deepEqual([event?.event, JSON.parse(event!.data)], ['emitted', { type: 'WEIGHED', grams: 1 }])
    assert.deepEqual(await stream.take(2), [
      { type: 'WEIGHED', grams: 2 },
      { type: 'WEIGHED', grams: 3 },
    ])
    stream.close()
  })

  test('in the form that loses nothing, with the encoded state', async () => {
    await using world = await HttpWorld.open()
    await born(world)
    const stream = await world.events(`${P}/changes?after=0&encoding=msgpack`)
    const event = await stream.next()
    const view = decode(Buffer.from(event!.data, 'base64')) as ActorView
    assert.ok(view.state instanceof Uint8Array)
    assert.deepEqual((view.context as { rich: { at: Date } }).rich.at, new Date(0))
    stream.close()
  })

  test('says that it lives while nothing happens, by the clock', async () => {
    await using world = await HttpWorld.open()
    await born(world)
    const stream = await world.events(`${P}/changes`)
    await world.rt.advance(14_999)
    await world.rt.advance(1)
    await stream.comment()
    assert.equal(stream.comments.length, 1)
    stream.close()
  })

  test('ends when the runtime stops, and says so', async () => {
    await using world = await HttpWorld.open()
    await born(world)
    const streams = [await world.events(`${P}/changes`), await world.events(`${P}/events`)]
    await world.rt.stop()
    for (const stream of streams) {
      const last = await stream.next()
      assert.equal(last?.event, 'failed')
      assert.equal(JSON.parse(last!.data).error.code, 'Unavailable')
      assert.equal(await stream.next(), undefined)
    }
  })

  test('nothing is held for a reader that has gone', async () => {
    await using world = await HttpWorld.open()
    await born(world)
    const { followers } = world.rt.engine.shard.host
    const stops: number[] = []
    const follow = followers.onStep.bind(followers)
    followers.onStep = (address, listener) => {
      const stop = follow(address, listener)
      return () => {
        stops.push(1)
        stop()
      }
    }
    const stream = await world.events(`${P}/changes?after=0`)
    await stream.take(1)
    stream.close()
    await weigh(world, 1, 1)
    while (stops.length === 0) await new Promise(setImmediate)
  })
})

/** A reader that has a connection and takes nothing from it, until told. */
function stalled(world: HttpWorld, path: string): Promise<IncomingMessage> {
  const { hostname, port } = new URL(world.url)
  const outgoing = request({ hostname, port, path, headers: { accept: 'text/event-stream' } })
  const opened = new Promise<IncomingMessage>(resolve => {
    outgoing.once('response', response => {
      response.pause()
      resolve(response)
    })
  })
  outgoing.on('error', () => {})
  outgoing.end()
  return opened
}

suite('a reader that takes nothing', () => {
  const BYTES = 50_000
  const COUNT = 300

  /** An actor whose every state is large, and a reader of it that is stuck: of fifteen megabytes it has taken next to none. */
  async function stuck(world: HttpWorld) {
    const sockets = new Set<Socket>()
    world.server.on('connection', socket => sockets.add(socket))
    const p = world.rt.actor(parcel, 'p-1')
    await p.start({ to: 'x'.repeat(BYTES) })
    const response = await stalled(world, `${P}/changes?after=0`)
    await Promise.all(upTo(1, COUNT).map(grams => p.send({ type: 'WEIGH', grams })))
    const waiting = () => [...sockets].reduce((sum, socket) => sum + socket.writableLength, 0)
    while (waiting() === 0) await new Promise(setImmediate)
    return { response, waiting }
  }

  /** Reads what is left; answers whether the stream came to its end. */
  async function rest(response: IncomingMessage): Promise<boolean> {
    const closed = new Promise<void>(resolve => response.once('close', resolve))
    response.on('error', () => {}).resume()
    await closed
    return response.complete
  }

  test('has nothing pile up for it, and gets it all once it reads', async () => {
    await using world = await HttpWorld.open()
    const { response, waiting } = await stuck(world)
    assert.ok(waiting() < 10 * BYTES, `${waiting()} bytes wait`)
    const ids: number[] = []
    const parser = createParser({ onEvent: event => ids.push(Number(event.id)) })
    response.setEncoding('utf8')
    for await (const chunk of response) {
      parser.feed(chunk as string)
      if (ids.at(-1) === COUNT + 1) break
    }
    assert.deepEqual(ids, upTo(1, COUNT + 1))
  })

  test('is given up after a while', async () => {
    await using world = await HttpWorld.open({ streamStallMsMax: 1_000 })
    const { response, waiting } = await stuck(world)
    await world.rt.advance(999)
    assert.ok(waiting() > 0)
    await world.rt.advance(1)
    assert.equal(await rest(response), false)
  })

  test('does not keep a runtime from stopping, nor its server from closing', async () => {
    await using world = await HttpWorld.open()
    const { response } = await stuck(world)
    await world.rt.stop()
    assert.equal(await rest(response), false)
    await new Promise(resolve => world.server.close(resolve))
  })
})
