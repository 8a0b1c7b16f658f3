/** An inbox over a stream of a real server: what it delivers, and what it does when reading is interrupted. */
import assert from 'node:assert/strict'
import { cp, rename, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { encode } from '../../../actors/codec.js'
import type { Command } from '../../../actors/command.js'
import { InvalidEventError, type PerdureError } from '../../../actors/errors.js'
import { readAnswer } from '../../../cluster/wire/answer.js'
import { startNatsCluster } from '../../../runtime/demo/nats-server/start-cluster.js'
import { eventsFor, type InboxWorld, inboxWorld, keysIn, numbers } from '../../support/nats/inbox-world.js'
import { eventually } from '../../support/nats/nats-world.js'

const SENT = 'perdure.j.1.3.send.0'

/** Publishes as a client that minds no rules. */
async function publishRaw(world: InboxWorld, subject: string, head: string, body: string): Promise<void> {
  const socket = connect(world.server.port, '127.0.0.1')
  const bytes = Buffer.from(`NATS/1.0\r\n${head}\r\n\r\n`)
  socket.write('CONNECT {"headers":true,"verbose":false}\r\n')
  socket.write(`HPUB ${subject} ${bytes.length} ${bytes.length + body.length}\r\n${bytes}${body}\r\nPING\r\n`)
  await new Promise<void>(resolve => socket.on('data', data => String(data).includes('PONG') && resolve()))
  socket.destroy()
}

async function sendAll(world: InboxWorld, commands: readonly Command[]): Promise<void> {
  for (let from = 0; from < commands.length; from += 200)
    await Promise.all(commands.slice(from, from + 200).map(one => world.send(one)))
}

suite('an inbox of commands', () => {
  test('delivers what was sent to its shard, in order, each with its place; answers go to who asked', async t => {
    const world = await inboxWorld(t)
    const replies: [string, Uint8Array][] = []
    const read = world.read({ reply: (...reply) => replies.push(reply) })
    await read.start()
    const [tell, ask] = eventsFor(0, 2) as [Command, Command]
    await world.send(eventsFor(1, 1)[0]!)
    await world.send(tell)
    await world.send(ask, { replyTo: 'perdure.r.me.1' })
    const [first, second] = await read.until(2)
    assert.deepEqual([first?.command, second?.command], [tell, ask])
    assert.deepEqual([first?.isUnheard, second?.isUnheard], [true, undefined])
    assert.deepEqual([first?.place?.sequence, second?.place?.sequence], [2, 3])
    const refused = { ok: false, error: new InvalidEventError('order/o-1', 'a', 'b') } as const
    first?.settle(refused)
    second?.settle(refused)
    assert.deepEqual(
      replies.map(([subject]) => subject),
      ['perdure.r.me.1'],
    )
    const answer = readAnswer(replies[0]![1])
    assert.equal(answer.ok === false && answer.error.code, 'InvalidEvent')
  })

  test('refuses what nobody can read, and goes on', async t => {
    const world = await inboxWorld(t)
    const read = world.read()
    await read.start()
    const key = keysIn(0).next().value
    await publishRaw(world, `perdure.cmd.order.${key}`, 'b(a)d k\u0001ey: x', '{"type":"ADD"}')
    await publishRaw(world, `perdure.cmd.order.${key}`, 'A: x', '{"type":')
    await sendAll(world, eventsFor(0, 1))
    const [headers, body, good] = await read.until(3)
    assert.match(
      headers?.refusal?.message ?? '',
      new RegExp(`order/${key}: expected headers as NATS has them`),
    )
    assert.match(
      body?.refusal?.message ?? '',
      new RegExp(`order/${key}: expected a body of application/json`),
    )
    assert.deepEqual([headers?.isUnheard, body?.isUnheard, good?.refusal], [true, true, undefined])
    // It goes on from such a one as well.
    const next = world.read()
    await next.start(headers?.place)
    assert.deepEqual(
      (await next.until(2)).map(one => one.place?.sequence),
      [2, 3],
    )
  })

  test('keeps the order though the checks at the door take their time', async t => {
    const world = await inboxWorld(t)
    const waiting: ((verdict: PerdureError | undefined) => void)[] = []
    const read = world.read({
      admit: ({ commandId }) =>
        Number(commandId) % 2 === 0 ? new Promise(resolve => waiting.push(resolve)) : undefined,
    })
    await read.start()
    await sendAll(world, eventsFor(0, 20))
    while (waiting.length < 10) await new Promise(setImmediate)
    assert.deepEqual(read.ids, [])
    const refusal = new InvalidEventError('order/o-1', 'a', 'b')
    for (const [index, decide] of waiting.reverse().entries()) decide(index === 9 ? refusal : undefined)
    const deliveries = await read.until(20)
    assert.deepEqual(read.ids, numbers(20))
    assert.deepEqual(
      deliveries.filter(one => one.refusal !== undefined),
      [deliveries[0]],
    )
  })

  test('reads ahead within its bounds, and takes up as it is taken from', async t => {
    const world = await inboxWorld(t, { clusterInboxCommandsMax: 100 })
    await sendAll(world, eventsFor(0, 1_000))
    const read = world.read()
    read.isTaking = false
    await read.start()
    while (read.inbox.size < 51) await new Promise(setImmediate)
    // Asked for twice at the most, fifty each.
    await world.connection.nc.flush()
    assert.ok(read.inbox.size <= 100, `${read.inbox.size} are held`)
    assert.deepEqual(
      read.inbox.take(3).map(one => one.command.commandId),
      numbers(3),
    )
    read.isTaking = true
    read.takeAll()
    await read.until(997)
    assert.deepEqual(read.ids, numbers(997, 3))
  })

  test('reads ahead within bytes too, and one message always fits', async t => {
    const world = await inboxWorld(t, { clusterInboxBytesMax: 10_000 })
    const [key] = keysIn(0)
    const large = numbers(20).map(
      (commandId): Command => ({
        kind: 'message',
        commandId,
        target: `order/${key}`,
        event: { type: 'ADD', text: 'x'.repeat(300_000) },
      }),
    )
    await sendAll(world, large)
    const read = world.read()
    read.isTaking = false
    await read.start()
    while (read.inbox.size < 1) await new Promise(setImmediate)
    await world.connection.nc.flush()
    assert.ok(read.inbox.size <= 4, `${read.inbox.size} are held`)
    read.isTaking = true
    read.takeAll()
    await read.until(20)
    assert.deepEqual(read.ids, numbers(20))
  })

  test('delivers nothing once it is stopped', async t => {
    const world = await inboxWorld(t)
    const read = world.read()
    read.isTaking = false
    await read.start()
    await sendAll(world, eventsFor(0, 5))
    while (read.inbox.size < 5) await new Promise(setImmediate)
    await read.stop()
    assert.deepEqual([read.inbox.size, read.inbox.take(5)], [0, []])
    await sendAll(world, eventsFor(0, 5, 5))
    const consumers = await world.connection.jsm.consumers.list(world.ground.names.commandsStream).next()
    assert.deepEqual([read.inbox.size, consumers], [0, []])
  })
})

suite('an inbox that goes on', () => {
  async function read100(t: TestContext) {
    const world = await inboxWorld(t)
    await sendAll(world, eventsFor(0, 100))
    const read = world.read()
    await read.start()
    const deliveries = await read.until(100)
    return { world, read, placeOf: (id: number) => deliveries[id]!.place! }
  }

  test('begins after the place it was read to', async t => {
    const { world, placeOf } = await read100(t)
    const next = world.read()
    await next.start(placeOf(39))
    await next.until(60)
    assert.deepEqual(next.ids, numbers(60, 40))
  })

  test('refuses a stream that was made anew, and one that ends before its place', async t => {
    const { world, read, placeOf } = await read100(t)
    await read.stop()
    const { jsm } = world.connection
    const { config } = await jsm.streams.info(world.ground.names.commandsStream)
    await jsm.streams.delete(config.name)
    await jsm.streams.add(config)
    await sendAll(world, eventsFor(0, 50, 7_000))
    await assert.rejects(world.read().start(placeOf(19)), {
      name: 'LogMismatchError',
      kind: 'another stream',
      message: /PERDURE_COMMANDS, shard 0: another stream: expected message 20 with hash [0-9a-f]{32}, found/,
    })
    await assert.rejects(world.read().start(placeOf(79)), {
      kind: 'gone backwards',
      message: /expected message 80, found an end at 50/,
    })
  })

  test('refuses a stream that was purged beyond its place, but not up to it', async t => {
    const { world, placeOf } = await read100(t)
    const { jsm } = world.connection
    const stream = world.ground.names.commandsStream
    await jsm.streams.purge(stream, { seq: 41 })
    const next = world.read()
    await next.start(placeOf(39))
    await next.until(60)
    assert.deepEqual(next.ids, numbers(60, 40))
    await jsm.streams.purge(stream, { seq: 61 })
    await assert.rejects(world.read().start(placeOf(39)), {
      kind: 'purged',
      message: /expected message 40, the last one read, found a beginning at 61/,
    })
    await jsm.streams.purge(stream, { filter: world.ground.names.shardCommands(0) })
    await assert.rejects(world.read().start(placeOf(79)), { kind: 'purged' })
  })

  test('loses nothing and repeats nothing when its consumer is deleted', async t => {
    const { world, read } = await read100(t)
    const { jsm } = world.connection
    const stream = world.ground.names.commandsStream
    for (let round = 1; round <= 3; round++) {
      for await (const { name } of jsm.consumers.list(stream)) await jsm.consumers.delete(stream, name)
      await sendAll(world, eventsFor(0, 100, round * 100))
      await read.until((round + 1) * 100)
    }
    assert.deepEqual(read.ids, numbers(400))
  })

  test('loses nothing and repeats nothing when its server is killed in the midst of it', async t => {
    const { world, read } = await read100(t)
    for (let round = 1; round <= 2; round++) {
      const sending = eventsFor(0, 2_000, 100 + (round - 1) * 2_000)
      await sendAll(world, sending.slice(0, 1_000))
      await read.until(100 + (round - 1) * 2_000 + 10)
      await world.server.kill()
      await world.server.restart()
      await world.connection.connected()
      await sendAll(world, sending.slice(1_000))
      await read.until(100 + round * 2_000)
    }
    assert.deepEqual(read.ids, numbers(4_100))
  })

  test('loses nothing and repeats nothing when its server falls silent for a while', async t => {
    const { world, read } = await read100(t)
    process.kill(world.server.pid, 'SIGSTOP')
    t.after(() => world.server.runs && process.kill(world.server.pid, 'SIGCONT'))
    // Longer than the heartbeats that may stay away.
    await delay(2_500)
    process.kill(world.server.pid, 'SIGCONT')
    await sendAll(world, eventsFor(0, 100, 100))
    await read.until(200)
    assert.deepEqual(read.ids, numbers(200))
  })

  test('finds out that the stream went back under it', async t => {
    const { world, read } = await read100(t)
    const { jsm } = world.connection
    const { config } = await jsm.streams.info(world.ground.names.commandsStream)
    await jsm.streams.delete(config.name)
    await jsm.streams.add(config)
    const failure = (await read.failure) as Error
    assert.equal(failure.name, 'LogMismatchError')
    assert.match(failure.message, /gone backwards: expected message 100, found an end at 0/)
    await sendAll(world, eventsFor(0, 200, 1_000))
    assert.equal(read.ids.length, 100)
  })

  test('finds out that its server came back with an older store', async t => {
    const { world, read } = await read100(t)
    const kept = `${world.server.storeDir}-kept`
    await world.server.kill()
    await cp(world.server.storeDir, kept, { recursive: true })
    await world.server.restart()
    await world.connection.connected()
    await sendAll(world, eventsFor(0, 10, 100))
    await read.until(110)
    await world.server.kill()
    await rm(world.server.storeDir, { recursive: true })
    await rename(kept, world.server.storeDir)
    await world.server.restart()
    assert.match(
      ((await read.failure) as Error).message,
      /gone backwards: expected message 110, found an end at 100/,
    )
  })

  test('ends when its connection is closed', async t => {
    const { world, read } = await read100(t)
    await world.connection.close()
    assert.match(((await read.failure) as Error).message, /closed/)
  })
})

test('an inbox loses nothing and repeats nothing when the server of its consumer is killed', {
  timeout: 120_000,
}, async t => {
  const cluster = await startNatsCluster()
  t.after(() => cluster.stop())
  const world = await inboxWorld(t, {}, cluster)
  const { nc, jsm } = world.connection
  const stream = world.ground.names.commandsStream
  await sendAll(world, eventsFor(0, 100))
  // Consumers are put anywhere: one that is not where we are connected to, so that only silence tells.
  let read = world.read()
  for (;;) {
    await read.start()
    const [consumer] = await jsm.consumers.list(stream).next()
    const name = consumer?.cluster?.leader
    if (name !== undefined && name !== nc.info?.server_name) {
      await read.until(100)
      const monitored = await Promise.all(
        cluster.servers.map(async server => ({ server, name: (await server.monitor('/varz'))?.server_name })),
      )
      await monitored.find(one => one.name === name)!.server.kill()
      break
    }
    await read.stop()
    read = world.read()
  }
  const rest = eventsFor(0, 500, 100)
  for (const command of rest) await eventually(() => world.send(command))
  await read.until(600)
  assert.deepEqual(read.ids, numbers(600))
})

suite('an inbox of what other shards sent', () => {
  test('delivers the commands of a message in order, and goes on within one', async t => {
    const world = await inboxWorld(t)
    const { js } = world.connection
    const read = world.read({ kind: 'sends' })
    await read.start()
    const commands = eventsFor(0, 5).map(one => ({ ...one, sender: 'customer/c-1' }))
    await js.publish(SENT, encode(commands.slice(0, 3)))
    await js.publish('perdure.j.1.3.send.1', encode(commands))
    await js.publish('perdure.j.1.2.send.0', encode(commands.slice(3)))
    const deliveries = await read.until(5)
    assert.deepEqual(
      deliveries.map(one => one.command),
      commands,
    )
    assert.deepEqual(
      deliveries.map(({ place }) => [place?.sequence, place?.index]),
      [
        [1, 1],
        [1, 2],
        [1, undefined],
        [3, 1],
        [3, undefined],
      ],
    )
    for (const [taken, { place }] of deliveries.slice(0, 4).entries()) {
      const next = world.read({ kind: 'sends' })
      await next.start(place)
      const rest = await next.until(4 - taken)
      assert.deepEqual(
        rest.map(one => one.command),
        commands.slice(taken + 1),
      )
      assert.deepEqual(
        rest.map(one => one.place),
        deliveries.slice(taken + 1).map(one => one.place),
      )
    }
  })

  test('keeps one that cannot be read as what it was', async t => {
    const world = await inboxWorld(t)
    const read = world.read({ kind: 'sends' })
    await read.start()
    await world.connection.js.publish(SENT, 'nothing of ours')
    const [odd] = await read.until(1)
    assert.match(odd?.refusal?.message ?? '', /expected a list of commands from another shard, found/)
    assert.deepEqual([odd?.place?.sequence, odd?.isUnheard], [1, true])
    encode(odd?.command)
  })
})
