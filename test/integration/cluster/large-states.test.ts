/** Actors of 100 KB in a cluster: the log is given what changed, and whoever goes on from it has all of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { jetstreamManager } from '@nats-io/jetstream'
import Database from 'better-sqlite3'
import { LogMismatchError } from '../../../actors/errors.js'
import { openJournal } from '../../../journal/index.js'
import { memberFor } from '../../support/cluster-log.js'
import { HealingWorld } from '../../support/healing-world.js'
import { CommitMaker } from '../../support/journal-commits.js'
import { openForTest } from '../../support/journal-files.js'
import { connectionTo, eventually } from '../../support/nats/nats-world.js'
import { archive } from '../../support/troubled-actors.js'
import { TroubledMembers } from '../../support/troubled-members.js'

interface Archive {
  ask(event: {
    type: 'WRITE'
    page: number
    text: string
  }): Promise<{ readonly snapshot: { readonly context: { readonly written: number } } }>
  getSnapshot(): Promise<{ readonly context: { readonly pages: readonly string[] } } | undefined>
}

/** Writes on so many pages, the first of which is that. Answers how many were written in all. */
async function write(handle: Archive, first: number, times: number): Promise<number> {
  let written = 0
  for (let page = first; page < first + times; page++) {
    const { snapshot } = await handle.ask({ type: 'WRITE', page, text: `page ${page}` })
    written = snapshot.context.written
  }
  return written
}

/** Bytes of the stream that holds the log. */
async function logBytes(t: TestContext, servers: string, name: string): Promise<() => Promise<number>> {
  const manager = await jetstreamManager(await connectionTo(t, servers))
  return async () => (await manager.streams.info(`${name.toUpperCase()}_JOURNAL`)).state.bytes
}

test('a command costs the log what it changed, and nothing is lost over members that are killed', {
  timeout: 120_000,
}, async t => {
  const members = await TroubledMembers.on(t, { name: 'large', shards: 1 })
  const bytes = await logBytes(t, members.server.url, 'large')
  await members.start('m0')
  const client = await members.client({ remoteAwayMsMax: 30_000 })
  const handle = client.actor(archive, 'a-1')
  const atFirst = await bytes()
  assert.equal(await write(handle, 0, 1), 1)
  const whole = (await bytes()) - atFirst
  assert.equal(await write(handle, 1, 29), 30)
  const each = Math.round(((await bytes()) - atFirst - whole) / 29)
  t.diagnostic(`bytes of the log: ${whole} for the first command, ${each} for each of the next 29`)
  assert.ok(whole > 100_000 && each < 10_000, `${whole}, ${each}`)

  // It begins with the log, and ends as the owner.
  await members.start('m1')
  await members.end('m0', 'SIGKILL')
  assert.equal(await write(handle, 30, 30), 60)
  // It stood still meanwhile, and goes on with what its copy has.
  await members.start('m0')
  await members.end('m1', 'SIGKILL')
  assert.equal(await write(handle, 60, 30), 90)
  const { pages } = (await handle.getSnapshot())!.context
  assert.deepEqual(
    pages.slice(0, 90),
    Array.from({ length: 90 }, (_, page) => `page ${page}`),
  )
  assert.ok(pages.slice(90).every(page => page.length > 500))
  await members.stop()
  const journal = openJournal({ path: members.journal('m0', 0), readOnly: true })
  assert.equal(journal.verifyChain(), journal.position)
  assert.equal(journal.entries('archive/a-1', 0, 200).length, 91)
  journal.close()
})

/** Members of which one owns the shard for good, and the other stands by with a copy that is changed. */
class Standing {
  readonly world: HealingWorld
  readonly owner: string
  readonly standby: string
  readonly handle: Archive

  private constructor(world: HealingWorld, owner: string, standby: string, handle: Archive) {
    this.world = world
    this.owner = owner
    this.standby = standby
    this.handle = handle
  }

  static async begin(t: TestContext): Promise<Standing> {
    const world = await HealingWorld.open(t, [archive])
    const members = { m1: await world.start('m1'), m2: await world.start('m2') }
    // Whoever is meant to have it.
    const owner = await eventually(async () => {
      const [id] = (['m1', 'm2'] as const).filter(id => members[id].owned.length === 1)
      await members.m1.actor(archive, 'a-1').getSnapshot()
      return id
    })
    const handle = members[owner].actor(archive, 'a-1')
    return new Standing(world, owner, owner === 'm1' ? 'm2' : 'm1', handle)
  }

  /** The standby is away while its copy is changed, and a command is committed on what that was. */
  async change(
    how: (record: Buffer, checksum: number) => { record: Buffer; checksum: number },
  ): Promise<void> {
    await write(this.handle, 0, 3)
    await eventually(async () => {
      await this.world.stop(this.standby)
      const journal = openForTest(this.world.shard(this.standby))
      journal.settle()
      const seq = journal.stateOf('archive/a-1')?.seq
      journal.close()
      if (seq === 4) return true
      await this.world.start(this.standby)
      return undefined
    })
    const db = new Database(join(this.world.shard(this.standby), 'journal.db'))
    const row = db.prepare('SELECT record, checksum FROM actor').get() as { record: Buffer; checksum: number }
    const { record, checksum } = how(row.record, row.checksum)
    db.prepare('UPDATE actor SET record = ?, checksum = ?').run(record, checksum)
    db.close()
    await write(this.handle, 3, 1)
  }

  /** What was reported of the standby's copy, once it is as it should be, and it has taken over. */
  async healed(): Promise<string> {
    const standby = await this.world.start(this.standby)
    const found = await eventually(async () => this.world.errors[0])
    assert.match(found.message, /was set aside; the shard is read again from the log/)
    assert.equal((await this.world.aside(this.standby)).length, 1)
    await this.world.stop(this.owner)
    const handle = standby.actor(archive, 'a-1')
    assert.equal(await write(handle, 4, 1), 5)
    const { pages } = (await handle.getSnapshot())!.context
    assert.deepEqual(pages.slice(0, 5), ['page 0', 'page 1', 'page 2', 'page 3', 'page 4'])
    return `${found.facts.reason}`
  }
}

test('a copy that has another state than was committed is set aside, and read again from the log', async t => {
  const standing = await Standing.begin(t)
  await standing.change(record => {
    const other = Buffer.from(record)
    other.writeUInt8(other.readUInt8(other.length - 5_000) ^ 1, other.length - 5_000)
    return { record: other, checksum: crc32(other) }
  })
  assert.match(
    await standing.healed(),
    /another state: expected the state of archive\/a-1 after its entry 4 with the digest [0-9a-f]{32}, .* entry 5 .*, found one after its entry 4 with the digest [0-9a-f]{32}/,
  )
})

test('so is one whose state is damaged', async t => {
  const standing = await Standing.begin(t)
  await standing.change((record, checksum) => ({ record, checksum: checksum ^ 1 }))
  assert.match(await standing.healed(), /another state: .* found none that is whole/)
})

test('a log that says the changes of a state it never held stops the shard, and sets no second copy aside', async t => {
  const world = await HealingWorld.open(t, [archive])
  const { log } = await memberFor(t, world.server.url, 'm0', { shape: { shards: 1 } })
  const owned = await log.claim(0, 1, undefined)
  const maker = new CommitMaker()
  const state = (mark: number) => new Uint8Array(50_000).map((_, at) => (at * at + mark * +(at === 9)) % 251)
  const commit = (mark: number) => maker.make([{ address: 'archive/a-1', record: { state: state(mark) } }])
  await owned?.append(commit(1))
  await owned?.append(commit(2), () => ({ seq: 1, state: state(3) }))
  const member = await world.start('m1')
  const error = await eventually(async () => member.broken.get(0))
  assert.ok(error instanceof LogMismatchError && error.kind === 'another state', String(error))
  assert.deepEqual(
    [error.details.shard, error.details.address, error.details.position],
    [0, 'archive/a-1', 2],
  )
  assert.deepEqual(await world.aside('m1'), ['shard-0.set-aside-1'])
})
