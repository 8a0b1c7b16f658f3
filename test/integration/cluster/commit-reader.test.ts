/** Commits of a shard as others read them, on a real server. */
import assert from 'node:assert/strict'
import { cp, rm } from 'node:fs/promises'
import { after, before, type TestContext, test } from 'node:test'
import { LogMismatchError, UnavailableError } from '../../../actors/errors.js'
import type { LogPosition } from '../../../actors/journal.js'
import type { ReadCommit } from '../../../cluster/log/commit-assembly.js'
import type { ShardLog } from '../../../cluster/log/commit-log.js'
import { type CommitReader, followCommits } from '../../../cluster/log/commit-reader.js'
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

/** A reader and what it has read. */
function following(
  t: Pick<TestContext, 'after'>,
  member: LogMember,
  from?: LogPosition,
): { reader: CommitReader; read: ReadCommit[] } {
  const read: ReadCommit[] = []
  const reader = followCommits(member, 1, from, one => void read.push(one))
  t.after(() => reader.stop())
  return { reader, read }
}

async function claimed({ log }: LogMember, epoch: number, shard = 1): Promise<ShardLog> {
  const claim = await log.claim(shard, epoch, await log.last(shard))
  assert.ok(claim)
  return claim
}

test('a reader is handed every claim and commit in order, whole, and those to come', async t => {
  const one = await memberFor(t, server.url, 'm1', { name: 'order' })
  const two = await memberFor(t, server.url, 'm2', { name: 'order' })
  const first = await claimed(one, 1)
  const commits = [commitsOf('order/o-1', 10)(), commitsOf('order/o-2', 2_500_000)()]
  const at = [await first.append(commits[0]!), await first.append(commits[1]!)]
  await (await claimed(one, 1, 2)).append(commitsOf('order/elsewhere')())
  const { reader, read } = following(t, two)
  await reader.caughtUp()
  const claim = await claimed(two, 2)
  commits.push(commitsOf('order/o-3', 10)())
  at.push(await claim.append(commits[2]!))
  await reader.caughtUp()
  assert.deepEqual(
    read.map(({ kind, epoch, member }) => [kind, epoch, member]),
    [
      ['claim', 1, 'm1'],
      ['commit', 1, 'm1'],
      ['commit', 1, 'm1'],
      ['claim', 2, 'm2'],
      ['commit', 2, 'm2'],
    ],
  )
  const got = read.filter(({ kind }) => kind === 'commit')
  assert.deepEqual(
    got.map(one => one.at),
    at,
  )
  assert.deepEqual(
    got.map(one => one.commit?.entries[0]?.command),
    commits.map(commit => commit.entries[0]?.command),
  )
  assert.deepEqual(read[0]?.at, first.claimed)
})

test('a reader goes on after any position it had, be it the last', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'goon' })
  const log = await claimed(member, 1)
  const next = commitsOf('order/o-1', 1_500_000)
  const at = [log.claimed]
  for (let count = 0; count < 3; count++) at.push(await log.append(next()))
  for (const [index, from] of at.entries()) {
    const { reader, read } = following(t, member, from)
    await reader.caughtUp()
    assert.deepEqual(
      read.map(one => one.at),
      at.slice(index + 1),
    )
    await reader.stop()
  }
})

test('an empty shard is caught up with at once', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'empty' })
  const { reader, read } = following(t, member)
  await reader.caughtUp()
  await claimed(member, 1)
  await reader.caughtUp()
  assert.equal(read.length, 1)
})

test('a slow reader is sent no more than a page ahead', async t => {
  const link = await Link.to(server.port)
  t.after(() => link.close())
  const writer = await memberFor(t, server.url, 'm1', { name: 'slow' })
  const log = await claimed(writer, 1)
  const next = commitsOf('order/o-1', 200_000)
  for (let count = 0; count < 60; count++) await log.append(next())
  const reads = await memberFor(t, link.url, 'm2', {
    name: 'slow',
    limits: { clusterReadAheadBytes: 4 * 1024 * 1024 },
  })
  const held = deferred()
  let count = 0
  const reader = followCommits(reads, 1, undefined, async () => {
    if (++count === 2) await held.promise
  })
  t.after(() => {
    held.resolve()
    return reader.stop()
  })
  await until(() => count === 2 || undefined)
  let seen = -1
  await until(() => {
    const settled = seen === link.bytes.toClient
    seen = link.bytes.toClient
    return settled || undefined
  })
  assert.ok(seen < 1_500_000, `${seen} bytes were sent ahead`)
  held.resolve()
  await reader.caughtUp()
  assert.equal(count, 61)
})

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

test('kills of the server and lost connections: each commit once, in order', async t => {
  const own = await serverFor(t, { syncAlways: true })
  const link = await Link.to(own.port)
  t.after(() => link.close())
  const writer = await memberFor(t, own.url, 'm1')
  const reads = await memberFor(t, link.url, 'm2')
  const log = await claimed(writer, 1)
  const { reader, read } = following(t, reads)
  const next = commitsOf('order/o-1', 2_000)
  const at = [log.claimed]
  let isDone = false
  const load = (async () => {
    while (!isDone) at.push(await log.append(next()))
  })()
  const further = (): Promise<boolean> => {
    const from = read.length
    return until(() => read.length > from + 20 || undefined)
  }
  for (const fail of [() => link.cut(), () => own.kill().then(() => own.restart()), () => link.cut()]) {
    await further()
    await fail()
  }
  await further()
  isDone = true
  await load
  await reader.caughtUp()
  assert.deepEqual(
    read.map(one => one.at),
    at,
  )
})

test('a consumer that is taken away is made again', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'taken' })
  const log = await claimed(member, 1)
  const { reader, read } = following(t, member)
  await reader.caughtUp()
  const { consumers } = member.connection.jsm
  const names = await consumers.list(member.ground.names.journalStream).next()
  for (const { name } of names) await consumers.delete(member.ground.names.journalStream, name)
  await log.append(commitsOf('order/o-1')())
  await reader.caughtUp()
  assert.equal(read.length, 2)
})

test('a position that was purged, and a beginning that was, are told', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'purged' })
  const log = await claimed(member, 1)
  const next = commitsOf('order/o-1')
  await log.append(next())
  const last = await log.append(next())
  await member.connection.jsm.streams.purge(member.ground.names.journalStream, { seq: last.sequence })
  await refused(
    following(t, member, log.claimed).reader,
    'purged',
    /expected message 1 .*found messages 3 to 3/,
  )
  await refused(following(t, member).reader, 'purged', /follows 0, found message 3 that follows 2/)
  const { reader } = following(t, member, last)
  await reader.caughtUp()
})

test('a stream that was deleted, or made anew, is told', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'anew' })
  const { connection, ground } = member
  const log = await claimed(member, 1)
  const at = await log.append(commitsOf('order/o-1')())
  const { reader } = following(t, member, at)
  await reader.caughtUp()
  await connection.jsm.streams.delete(ground.names.journalStream)
  await assert.rejects(reader.ended, isMismatch('another stream'))
  await refused(following(t, member, at).reader, 'another stream', /found no stream/)
  await connection.jsm.streams.add({ name: ground.names.journalStream, subjects: ['anew.j.>'] })
  await refused(following(t, member, at).reader, 'another stream', /a stream made at/)
})

test('an older store that was restored is told, and so is what was written on it since', async t => {
  const own = await serverFor(t)
  const limits = { clusterLagMsMax: 100 }
  const member = await memberFor(t, own.url, 'm1', { limits })
  const log = await claimed(member, 1)
  const next = commitsOf('order/o-1')
  const early = await log.append(next())
  await own.kill()
  const copy = `${own.storeDir}-copy`
  t.after(() => rm(copy, { recursive: true, force: true }))
  await cp(own.storeDir, copy, { recursive: true })
  await own.restart()
  const late = await log.append(next())
  const { reader } = following(t, member, late)
  await reader.caughtUp()
  await own.kill()
  await rm(own.storeDir, { recursive: true })
  await cp(copy, own.storeDir, { recursive: true })
  await own.restart()
  await assert.rejects(reader.ended, isMismatch('gone backwards'))
  await assert.rejects(log.append(next()), isMismatch('gone backwards'))
  await refused(following(t, member, late).reader, 'gone backwards', /found its end at 2/)
  const after = await until(() => member.log.last(1))
  assert.deepEqual(after.hash, early.hash)
  const anew = await member.log.claim(1, 2, after)
  await anew!.append(commitsOf('order/o-9')())
  await refused(following(t, member, late).reader, 'another stream', /hash/)
})

test('a reader ends with what its listener throws, or with its connection', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'ends' })
  await claimed(member, 1)
  const failing = followCommits(member, 1, undefined, () => {
    throw new Error('no room')
  })
  await assert.rejects(failing.ended, /no room/)
  await assert.rejects(failing.caughtUp(), /no room/)
  const { reader } = following(t, member)
  await reader.caughtUp()
  await member.connection.close()
  await assert.rejects(reader.ended, UnavailableError)
})

test('a stopped reader is handed nothing more and leaves no consumer', async t => {
  const member = await memberFor(t, server.url, 'm1', { name: 'stop' })
  const log = await claimed(member, 1)
  const { reader, read } = following(t, member)
  await reader.caughtUp()
  await reader.stop()
  await log.append(commitsOf('order/o-1')())
  assert.equal(read.length, 1)
  const { state } = await member.connection.jsm.streams.info(member.ground.names.journalStream)
  // One is that of the events' stream.
  assert.ok(state.consumer_count <= 1)
})

test('a reader can be stopped while the server is away', async t => {
  const own = await serverFor(t)
  const member = await memberFor(t, own.url, 'm1')
  const { reader } = following(t, member)
  await reader.caughtUp()
  await own.kill()
  await until(() => !member.connection.isConnected || undefined)
  await reader.stop()
  await reader.ended
})

function isMismatch(kind: string): (error: unknown) => boolean {
  return error => error instanceof LogMismatchError && error.kind === kind
}

async function refused(reader: CommitReader, kind: string, message: RegExp): Promise<void> {
  await assert.rejects(reader.caughtUp(), (error: unknown) => {
    assert.ok(error instanceof LogMismatchError, String(error))
    assert.equal(error.kind, kind)
    assert.match(error.message, message)
    return true
  })
}
