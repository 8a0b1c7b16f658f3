/** The log of a cluster as its members write to it, on a real server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Command } from '../../../actors/command.js'
import {
  CommitTooLargeError,
  FencedError,
  LogMismatchError,
  SetupError,
  UnavailableError,
} from '../../../actors/errors.js'
import type { ShardLog } from '../../../cluster/log/commit-log.js'
import { shardOf } from '../../../cluster/shard-of.js'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { commitsOf, type LogMember, memberFor } from '../../support/cluster-log.js'
import { Link } from '../../support/faults/link.js'
import { serverFor } from '../../support/nats/nats-world.js'
import { until } from '../../support/until.js'

let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
after(() => server.stop())

async function claimed(member: LogMember, shard: number, epoch = 1): Promise<ShardLog> {
  const log = await member.log.claim(shard, epoch, await member.log.last(shard))
  assert.ok(log, `shard ${shard} is claimed`)
  return log
}

function hello(commandId: string, target: string): Command {
  return { kind: 'message', commandId, target, event: { type: 'HELLO' } }
}

interface Stored {
  readonly seq: number
  readonly subject: string
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/** Everything in the log's stream. */
async function stored({ connection, ground }: LogMember): Promise<Stored[]> {
  const { state } = await connection.jsm.streams.info(ground.names.journalStream)
  const found: Stored[] = []
  for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
    const message = await connection.jsm.streams.getMessage(ground.names.journalStream, { seq })
    if (message === null) continue
    const headers = Object.fromEntries(message.header.keys().map(key => [key, message.header.get(key)]))
    found.push({ seq, subject: message.subject, headers, body: Buffer.from(message.data) })
  }
  return found
}

test('commits of a shard follow its claim and each other, and the last is known', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'follow' })
  assert.equal(await member.log.last(3), undefined)
  const log = await claimed(member, 3, 7)
  assert.equal((await member.log.last(3))?.hash, log.claimed.hash)
  const next = commitsOf('order/o-1')
  const first = await log.append(next())
  const second = await log.append(next())
  assert.deepEqual([log.claimed.sequence, first.sequence, second.sequence], [1, 2, 3])
  assert.notEqual(first.hash, second.hash)
  const last = await member.log.last(3)
  assert.deepEqual(last, { ...second, epoch: 7, member: 'm1', chunks: 1, commitId: last?.commitId })
  const subjects = (await stored(member)).map(({ subject }) => subject)
  assert.deepEqual(
    subjects,
    Array.from({ length: 3 }, () => 'follow.j.1.3.commit'),
  )
})

test('appends of a few shards fly side by side, and none is in a batch', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'beside', shape: { shards: 16 } })
  const logs = await Promise.all(Array.from({ length: 16 }, (_, shard) => claimed(member, shard)))
  await Promise.all(logs.map((log, shard) => log.append(commitsOf(`order/o-${shard}`, 3_000)())))
  const messages = await stored(member)
  assert.equal(messages.length, 32)
  assert.ok(messages.every(({ headers }) => headers['Nats-Batch-Id'] === undefined))
})

test('appends of many shards made at once fly in one batch', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'gather', shape: { shards: 64 } })
  const shards = Array.from({ length: 64 }, (_, shard) => shard)
  const logs = await Promise.all(shards.map(shard => claimed(member, shard)))
  await Promise.all(logs.map((log, shard) => log.append(commitsOf(`order/o-${shard}`, 3_000)())))
  const messages = await stored(member)
  assert.equal(messages.length, 128)
  assert.equal(new Set(messages.slice(64).map(({ headers }) => headers['Nats-Batch-Id'])).size, 1)
})

test('what a commit sends and publishes is written with it, and events go on to their stream', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'ride' })
  const log = await claimed(member, 0)
  const targets = ['order/a', 'order/b', 'order/c', 'order/a']
  const sent = targets.map((target, index) => hello(`s-${index}`, target))
  const published = {
    address: 'order/o-1/pay',
    seq: 4,
    position: 9,
    at: 1_000,
    event: { type: 'paid', sum: 5 },
  }
  const base = commitsOf('order/o-1')()
  await log.append({ ...base, sent, published: [published] })
  const messages = await stored(member)
  const byTarget = new Map<string, number>()
  for (const target of targets) {
    const subject = `ride.j.1.0.send.${shardOf(target, 8)}`
    byTarget.set(subject, (byTarget.get(subject) ?? 0) + 1)
  }
  assert.deepEqual(
    messages.map(({ subject }) => subject),
    ['ride.j.1.0.commit', 'ride.j.1.0.commit', ...byTarget.keys(), 'ride.j.1.0.event.order.o-1.paid'],
  )
  const { connection, ground } = member
  const last_by_subj = 'ride.event.order.o-1.paid'
  const event = await until(
    async () =>
      (await connection.jsm.streams.getMessage(ground.names.eventsStream, { last_by_subj })) ?? undefined,
  )
  assert.deepEqual(event.json(), { type: 'paid', sum: 5 })
  assert.deepEqual(
    ['Perdure-Address', 'Perdure-Seq', 'Perdure-At', 'Perdure-Position'].map(name => event.header.get(name)),
    ['order/o-1/pay', '4', '1000', '9'],
  )
})

for (const company of ['alone', 'in one batch'])
  test(`of two who race for a shard one commits each position; other shards, ${company}, come through`, async t => {
    const name = company.replaceAll(' ', '-')
    const one = await memberFor(t, server.url, 'm1', { name })
    const two = await memberFor(t, server.url, 'm2', { name })
    const [lost, kept] = [await claimed(one, 1, 1), await claimed(one, 2, 1)]
    const base = commitsOf('order/o-1')
    await lost.append(base())
    const taken = await two.log.claim(1, 2, await two.log.last(1))
    assert.ok(taken)
    const before = (await stored(one)).length
    const sent = company === 'alone' ? [] : [hello('s-1', 'order/a')]
    const [refused, fine] = await Promise.allSettled([
      lost.append({ ...base(), sent }),
      kept.append({ ...commitsOf('order/o-2')(), sent }),
    ])
    assert.equal(fine.status, 'fulfilled')
    assert.ok(refused.status === 'rejected' && refused.reason instanceof FencedError)
    assert.match(refused.reason.message, /shard 1.*epoch 1.*'m2' in epoch 2/)
    const written = (await stored(one)).slice(before)
    assert.deepEqual(
      written.map(({ subject }) => subject.split('.')[3]),
      [...sent, 'commit'].map(() => '2'),
      'nothing of the lost one was written',
    )
    await assert.rejects(lost.append(base()), FencedError)
    await taken.append(base())
  })

test('of many claims at once exactly one is granted', async t => {
  const members = await Promise.all(
    ['m1', 'm2', 'm3', 'm4'].map(id => memberFor(t, server.url, id, { name: 'claims' })),
  )
  for (let epoch = 1; epoch <= 5; epoch++) {
    const after = await members[0]!.log.last(5)
    const logs = await Promise.all(members.map(member => member.log.claim(5, epoch, after)))
    assert.equal(logs.filter(log => log !== undefined).length, 1)
  }
})

test('a claim is lost when the shard went on, or a higher epoch has it', async t => {
  const one = await memberFor(t, server.url, 'm1', { name: 'stale' })
  const log = await claimed(one, 1, 4)
  await log.append(commitsOf('order/o-1')())
  const two = await memberFor(t, server.url, 'm2', { name: 'stale' })
  assert.equal(await two.log.claim(1, 5, log.claimed), undefined)
  assert.equal(await two.log.claim(1, 5, undefined), undefined)
  assert.equal(await two.log.claim(1, 3, await two.log.last(1)), undefined)
  assert.ok(await two.log.claim(1, 5, await two.log.last(1)))
})

test('a commit larger than a message goes in chunks, and the next follows the last of them', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'chunks' })
  const log = await claimed(member, 1)
  const next = commitsOf('order/o-1', 2_500_000)
  const first = await log.append(next())
  const second = await log.append(next())
  assert.deepEqual([first.sequence, second.sequence], [2, 5])
  assert.deepEqual(
    (await stored(member)).map(({ headers }) => headers['Perdure-Chunk']),
    ['1/1', '1/3', '2/3', '3/3', '1/3', '2/3', '3/3'],
  )
  const last = await member.log.last(1)
  assert.deepEqual(last, { ...second, epoch: 1, member: 'm1', chunks: 3, commitId: last?.commitId })
})

test('a commit that no batch can hold is refused, and the shard goes on', async t => {
  const member = await memberFor(t, server.url, 'm1', {
    name: 'large',
    limits: { clusterCommitBytesMax: 100_000 },
  })
  const log = await claimed(member, 1)
  await assert.rejects(log.append(commitsOf('order/o-1', 200_000)()), (error: unknown) => {
    assert.ok(error instanceof CommitTooLargeError)
    assert.match(error.message, /shard 1: a commit has 200\d{3} bytes, at most 100000/)
    return true
  })
  const published = Array.from({ length: 1_000 }, (_, index) => ({
    address: 'order/o-1',
    seq: 1,
    position: 1,
    at: 1,
    event: { type: `e${index}` },
  }))
  await assert.rejects(log.append({ ...commitsOf('order/o-1')(), published }), /1001 messages, at most 1000/)
  assert.equal((await log.append({ ...commitsOf('order/o-1')(), published: published.slice(1) })).sequence, 2)
})

test('who waits for no answer writes everything once all the same', async t => {
  const member = await memberFor(t, server.url, 'm1', {
    name: 'hasty',
    limits: { clusterAckMs: 1, clusterRetryMs: 0 },
  })
  const log = await claimed(member, 1)
  const next = commitsOf('order/o-1', 3_000_000)
  const at = [await log.append(next()), await log.append(next()), await log.append(next())]
  assert.deepEqual(
    at.map(({ sequence }) => sequence),
    [2, 5, 8],
  )
  assert.equal((await stored(member)).length, 10)
})

test('a commit that the stream does not take takes no other along', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'apart' })
  const { connection, ground } = member
  const [one, two] = [await claimed(member, 1), await claimed(member, 2)]
  await connection.jsm.streams.update(ground.names.journalStream, { allow_atomic: false })
  const results = await Promise.allSettled([
    one.append(commitsOf('order/o-1', 2_000_000)()),
    two.append(commitsOf('order/o-2')()),
  ])
  assert.equal(results[1].status, 'fulfilled')
  assert.ok(results[0].status === 'rejected' && results[0].reason instanceof SetupError)
  assert.match(
    results[0].reason.message,
    /APART_JOURNAL: expected it to take a commit of shard 1, found: .*10174/,
  )
})

test('an answer that was lost is settled by what stands in the log', async t => {
  const link = await Link.to(server.port)
  t.after(() => link.close())
  const member = await memberFor(t, link.url, 'm1', { name: 'lostack' })
  const other = await memberFor(t, server.url, 'm2', { name: 'lostack' })
  const log = await claimed(member, 1)
  await link.slow(300)
  const append = log.append(commitsOf('order/o-1')())
  const written = await until(async () => {
    const last = await other.log.last(1)
    return last?.sequence === 2 ? last : undefined
  })
  await link.slow(0)
  await link.cut()
  const at = await append
  assert.equal(at.hash, written.hash)
  assert.equal(at.sequence, 2)
  assert.equal((await stored(other)).length, 2, 'it was not written twice')
  assert.equal((await log.append(commitsOf('order/o-2')())).sequence, 3)
})

test('an answer lost while another took the shard over is settled as well', async t => {
  const link = await Link.to(server.port)
  t.after(() => link.close())
  const member = await memberFor(t, link.url, 'm1', { name: 'lostboth' })
  const other = await memberFor(t, server.url, 'm2', { name: 'lostboth' })
  const log = await claimed(member, 1)
  await link.slow(200)
  const append = log.append(commitsOf('order/o-1')())
  const written = await until(async () => {
    const last = await other.log.last(1)
    return last?.sequence === 2 ? last : undefined
  })
  assert.ok(await other.log.claim(1, 2, written))
  await link.slow(0)
  await link.cut()
  assert.equal((await append).sequence, 2)
  await assert.rejects(log.append(commitsOf('order/o-2')()), FencedError)
})

test('appends survive kills of the server: each is in the log once, in order', async t => {
  const own = await serverFor(t, { syncAlways: true })
  const member = await memberFor(t, own.url, 'm1')
  const shards = [0, 1, 2, 3]
  const logs = await Promise.all(shards.map(shard => claimed(member, shard)))
  let isDone = false
  const load = Promise.all(
    logs.map(async (log, shard) => {
      const next = commitsOf(`order/o-${shard}`, 2_000)
      const at: string[] = []
      while (!isDone) at.push((await log.append(next())).hash)
      return at
    }),
  )
  for (let kills = 0; kills < 3; kills++) {
    const before = await until(() => member.log.last(0))
    await until(async () => (await member.log.last(0))!.sequence > before.sequence + 50 || undefined)
    await own.kill()
    await own.restart()
  }
  isDone = true
  const hashes = await load
  const messages = await stored(member)
  for (const shard of shards) {
    const commits = messages.filter(({ subject }) => subject === `perdure.j.1.${shard}.commit`)
    assert.equal(commits.length, hashes[shard]!.length + 1, `shard ${shard}: a claim and each commit, once`)
    const firsts = commits.slice(1).map(({ headers }) => Number(headers['Perdure-First']))
    assert.deepEqual(
      firsts,
      firsts.map((_, index) => index + 1),
    )
  }
})

test('a released shard appends no more, and what waits hears of it', async t => {
  const own = await serverFor(t)
  const member = await memberFor(t, own.url, 'm1')
  const log = await claimed(member, 1)
  await own.kill()
  const append = log.append(commitsOf('order/o-1')())
  log.release()
  await assert.rejects(append, UnavailableError)
  await assert.rejects(log.append(commitsOf('order/o-1')()), UnavailableError)
})

test('a log that was deleted or made anew is told from the one it was', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'gone', limits: { clusterLagMsMax: 100 } })
  const { connection, ground } = member
  const [one, two] = [await claimed(member, 1), await claimed(member, 2)]
  const at = await one.append(commitsOf('order/o-1')())
  await connection.jsm.streams.delete(ground.names.journalStream)
  await assert.rejects(one.append(commitsOf('order/o-1')()), isMismatch('another stream'))
  await connection.jsm.streams.add({
    name: ground.names.journalStream,
    subjects: ['gone.j.>'],
    allow_atomic: true,
  })
  await assert.rejects(two.append(commitsOf('order/o-2')()), isMismatch('another stream'))
  await assert.rejects(member.log.claim(1, 2, at), isMismatch('another stream'))
})

function isMismatch(kind: string): (error: unknown) => boolean {
  return error => error instanceof LogMismatchError && error.kind === kind
}
