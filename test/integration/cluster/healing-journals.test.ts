/**
 * Journals of members that do not fit the log of their cluster, and logs that lost what journals hold: found out when a
 * member takes the shard up, mended where the log has it all, refused where it has not.
 */
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { LogMismatchError } from '../../../actors/errors.js'
import type { ClusterMember } from '../../../runtime/cluster/cluster-member.js'
import { add, HealingWorld, totalOf } from '../../support/healing-world.js'
import { strict } from '../../support/http-world.js'
import { connectionTo, eventually } from '../../support/nats/nats-world.js'

const JOURNAL = 'PERDURE_JOURNAL'

async function brokenIn(member: ClusterMember): Promise<LogMismatchError> {
  const error = await eventually(async () => member.broken.get(0))
  assert.ok(error instanceof LogMismatchError, String(error))
  return error
}

/** A journal of two lives over a log that knows of one; the server as it was after both is kept as 'newest'. */
async function aheadOfLog(t: TestContext): Promise<HealingWorld> {
  const world = await HealingWorld.open(t)
  await world.live('m1')
  await world.keepServer()
  await world.live('m1')
  await world.keepServer('newest')
  await world.restoreServer()
  return world
}

test('a journal that was deleted is there again from the log', async t => {
  const world = await HealingWorld.open(t)
  await world.live('m1')
  await rm(world.shard('m1'), { recursive: true })
  const again = await world.start('m1')
  assert.equal(await add(again, 's-1', 1), 6)
  assert.deepEqual([await world.aside('m1'), world.errors], [[], []])
})

test('an old journal that is brought back catches up', async t => {
  const world = await HealingWorld.open(t)
  await world.live('m1')
  await world.keep(world.shard('m1'))
  await world.live('m1')
  await world.bringBack(world.shard('m1'))
  assert.equal(await add(await world.start('m1'), 's-1', 1), 11)
  assert.deepEqual([await world.aside('m1'), world.errors], [[], []])
})

test('a journal whose file alone is an old one is set aside, and is there again from the log', async t => {
  const world = await HealingWorld.open(t)
  await world.live('m1')
  const file = join(world.shard('m1'), 'journal.db')
  await world.keep(file)
  await world.live('m1')
  await world.bringBack(file)
  assert.equal(await add(await world.start('m1'), 's-1', 1), 11)
  assert.deepEqual(await world.aside('m1'), ['shard-0.set-aside-damaged'])
  assert.match(world.errors[0]?.message ?? '', /a damaged journal was set aside/)
})

test('a journal that went another way than the log is set aside, and what it alone held is reported', async t => {
  const world = await aheadOfLog(t)
  // Another member, which knows of nothing, goes further from there.
  await add(await world.start('m2'), 's-2', 20)
  const first = await world.start('m1')
  const report = await eventually(async () => world.errors[0])
  assert.match(report.message, /does not fit the log and was set aside/)
  const { position, agreed, given, logPosition } = report.facts as Record<string, number>
  assert.equal(given, (position ?? 0) - (agreed ?? 0))
  assert.ok(Number(given) >= 5 && Number(logPosition) >= Number(position), JSON.stringify(report.facts))
  assert.deepEqual(await world.aside('m1'), [`shard-0.set-aside-${position}`])
  assert.ok((await readdir(join(world.path('m1'), `shard-0.set-aside-${position}`))).includes('journal.db'))
  // It stands by again, and takes over.
  await world.stop('m2')
  assert.deepEqual([await totalOf(first, 's-1'), await totalOf(first, 's-2')], [5, 20])
  assert.equal(await add(first, 's-1', 1), 6)
})

test('a log that lost its acknowledged end stops the shard until its store is back', async t => {
  const world = await aheadOfLog(t)

  const first = await world.start('m1')
  const error = await brokenIn(first)
  assert.equal(error.kind, 'gone backwards')
  assert.match(error.message, /expected all of the journal here, up to position \d+, found entries up to \d+/)
  assert.match(error.message, /acceptLogLoss/)
  assert.deepEqual(await world.aside('m1'), [])
  // Nobody else goes on from the log as it is, though it could.
  await world.stop('m1')
  const second = await world.start('m2')
  await assert.rejects(second.actor(strict, 's-1').ask({ type: 'ADD', n: 1 }, { timeoutMs: 5_000 }), {
    code: 'Timeout',
  })
  assert.deepEqual(second.owned, [])

  await world.stopAll()
  await world.restoreServer('newest')
  assert.equal(await add(await world.start('m1'), 's-1', 1), 11)
})

test('an operator may go on without what the log lost: the journal that has it is set aside', async t => {
  const world = await aheadOfLog(t)
  await brokenIn(await world.start('m1'))
  await world.stop('m1')
  const accepting = await world.start('m1', { acceptLogLoss: true })
  assert.equal(await add(accepting, 's-1', 1), 6)
  assert.equal((await world.aside('m1')).length, 1)
  const report = world.errors.find(one => one.message.includes('set aside'))
  assert.ok(Number(report?.facts.given) >= 5, JSON.stringify(world.errors))
  // From then on it is a log like any other.
  await world.stop('m1')
  assert.equal(await add(await world.start('m2'), 's-1', 1), 7)
})

test('a member finds out that the log under it lost its end', async t => {
  const world = await HealingWorld.open(t)
  const member = await world.start('m1')
  await add(member, 's-1', 5)
  await world.keepServer()
  await add(member, 's-1', 5)
  await world.restoreServer()
  void add(member, 's-1', 1).catch(() => {})
  const { kind } = await brokenIn(member)
  assert.equal(kind, 'gone backwards')
  assert.deepEqual([member.owned, await world.aside('m1')], [[], []])
})

test('a log that is deleted and made anew is refused: by who runs, and by who starts', async t => {
  const world = await HealingWorld.open(t)
  const member = await world.start('m1')
  await add(member, 's-1', 5)
  const jsm = await jetstreamManager(await connectionTo(t, world.server.url))
  const { config } = await jsm.streams.info(JOURNAL)
  await jsm.streams.delete(JOURNAL)
  await jsm.streams.add(config)
  void add(member, 's-1', 1).catch(() => {})
  const { kind } = await brokenIn(member)
  assert.equal(kind, 'another stream')
  await assert.rejects(world.start('m2'), {
    code: 'StreamMismatch',
    message: /it was deleted and made anew, or another store was restored/,
  })
  assert.deepEqual(await world.aside('m1'), [])
})

test('a member that lags behind a purge, and one with nothing, are refused; the owner goes on', async t => {
  const world = await HealingWorld.open(t)
  const owner = await world.start('m1')
  await add(owner, 's-1', 5)
  const second = await world.start('m2')
  await eventually(async () => second.shard(0)?.journal?.logPosition)
  await world.stop('m2')
  await add(owner, 's-1', 5)
  const jsm = await jetstreamManager(await connectionTo(t, world.server.url))
  const { state } = await jsm.streams.info(JOURNAL)
  await jsm.streams.purge(JOURNAL, { seq: state.last_seq })
  for (const id of ['m2', 'm3']) {
    const error = await brokenIn(await world.start(id))
    assert.equal(error.kind, 'purged')
    assert.deepEqual(await world.aside(id), [])
  }
  assert.equal(await add(owner, 's-1', 1), 11)
})

test('a stream of commands that is gone stops the shard, and on an operator’s word is read from its beginning', async t => {
  const world = await HealingWorld.open(t)
  await world.live('m1')
  await removeStreams(await jetstreamManager(await connectionTo(t, world.server.url)), /_COMMANDS$/)
  const error = await brokenIn(await world.start('m1'))
  assert.equal(error.details.stream, 'PERDURE_COMMANDS')
  assert.match(error.message, /start with cluster\.acceptLogLoss/)
  await world.stop('m1')
  assert.equal(await add(await world.start('m1', { acceptLogLoss: true }), 's-1', 1), 6)
  assert.deepEqual(await world.aside('m1'), [])
  assert.match(world.errors.at(-1)?.message ?? '', /goes on from the journal here/)
  // The word was for one start.
  await world.stop('m1')
  assert.equal(await add(await world.start('m1'), 's-1', 1), 7)
})

test('a directory is one member’s: another one on it is refused, and told who has it', async t => {
  const world = await HealingWorld.open(t)
  const member = await world.start('m1')
  await assert.rejects(world.start('m1', { member: 'm2' }), {
    code: 'DirectoryHeld',
    message: new RegExp(`/m1 is in use by .*process ${process.pid} `),
  })
  assert.equal(await add(member, 's-1', 1), 1)
  await world.stop('m1')
  assert.equal(await add(await world.start('m1'), 's-1', 1), 2)
})

async function removeStreams(jsm: JetStreamManager, prefix: RegExp): Promise<void> {
  for await (const { config } of jsm.streams.list())
    if (prefix.test(config.name)) await jsm.streams.delete(config.name)
}

for (const [what, streams] of [
  ['a log', /_JOURNAL$/],
  ['all of the servers', /./],
] as const)
  test(`${what} that is gone goes on from the longest journal, on an operator's word`, async t => {
    const world = await HealingWorld.open(t)
    await add(await world.start('m1'), 's-1', 5)
    await world.start('m2')
    await eventually(async () => (await readdir(world.path('m2'))).includes('shard-0') || undefined)
    await world.stop('m2')
    await world.stop('m1')
    await world.live('m1')
    const jsm = await jetstreamManager(await connectionTo(t, world.server.url))
    await removeStreams(jsm, streams)
    const accepting = { acceptLogLoss: true }
    const [first] = await Promise.all(['m1', 'm2'].map(id => world.start(id, accepting)))
    assert.ok(first)
    assert.equal(await add(first, 's-1', 1), 11)
    assert.deepEqual(await world.aside('m1'), [])
    // The word was for one start.
    await world.stopAll()
    const again = await world.start('m1')
    assert.equal(await add(again, 's-1', 1), 12)
    // The one that was behind cannot follow: what it lacks is in no log.
    const { kind } = await brokenIn(await world.start('m2'))
    assert.equal(kind, 'purged')
  })
