/**
 * Members that begin with images of their shards, and logs that let go of what images hold: whatever is damaged, gone or
 * killed on the way, a shard goes on from where it was or says why not.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type JetStreamClient, type JetStreamManager, jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { Limits } from '../../../actors/limits.js'
import { limits as usual } from '../../../actors/limits.js'
import { type ClusterConnection, connectCluster } from '../../../cluster/connection.js'
import { ImageStore } from '../../../cluster/images/image-store.js'
import { LogFloors } from '../../../cluster/images/log-floor.js'
import { assign } from '../../../cluster/members/assignment.js'
import { namesOf } from '../../../cluster/names.js'
import type { ClusterMember } from '../../../runtime/cluster/cluster-member.js'
import { connect } from '../../../runtime/index.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { verifyJournal } from '../../../runtime/verify.js'
import { ChildProgram } from '../../support/child-program.js'
import { add, HealingWorld, totalOf } from '../../support/healing-world.js'
import { parcel, strict } from '../../support/http-world.js'
import { eventually } from '../../support/nats/nats-world.js'

const LIMITS: Partial<Limits> = {
  imageLookMs: 50,
  imageEntriesMin: 5,
  logPurgeSpan: 1,
  commandsPurgeMs: 100,
}
const PROGRAM = new URL('../../support/strict-member.js', import.meta.url)
const SHARD = 0
const names = namesOf()
const JOURNAL = names.journalStream
const COMMITS = names.commits(SHARD)

class World {
  readonly healing: HealingWorld
  readonly connection: ClusterConnection
  readonly images: ImageStore
  readonly floors: LogFloors
  readonly #children: ChildProgram[] = []

  private constructor(healing: HealingWorld, connection: ClusterConnection) {
    this.healing = healing
    this.connection = connection
    const ground = { names, maxPayload: connection.maxPayload }
    this.images = new ImageStore({ connection, ground, clock: new SystemClock(), limits: usual })
    this.floors = new LogFloors(connection, ground)
  }

  /** Members end before their server. */
  static test(name: string, body: (world: World) => Promise<void>): void {
    test(name, async t => {
      const world = await World.open(t)
      try {
        await body(world)
      } finally {
        await world.killAll()
        await world.healing.stopAll()
      }
    })
  }

  private static async open(t: TestContext): Promise<World> {
    const healing = await HealingWorld.open(t)
    const connection = await connectCluster({ servers: healing.server.url }, 'test')
    t.after(() => connection.close())
    return new World(healing, connection)
  }

  get jsm(): JetStreamManager {
    return this.connection.jsm
  }

  get js(): JetStreamClient {
    return jetstream(this.connection.nc)
  }

  start(id: string, limits: Partial<Limits> = {}): Promise<ClusterMember> {
    return this.healing.start(id, {}, { ...LIMITS, ...limits })
  }

  /** Adds one by one until the log has let go of its beginning, and of so many more positions; answers the total. */
  async addUntilFloor(member: ClusterMember, position = 1): Promise<number> {
    for (;;) {
      const total = await add(member, 's-1', 1)
      await delay(5)
      if (total > 2_000) throw new Error('the floor does not rise')
      if (((await this.floors.get(SHARD))?.position ?? 0) >= position) return total
    }
  }

  /** Until all of a journal's commits are in rows: what an image leaves behind. */
  async settled(member: ClusterMember): Promise<void> {
    await eventually(async () => member.shard(SHARD)?.journal?.unsettled().segments === 0 || undefined)
  }

  async makers(): Promise<readonly string[]> {
    return (await this.images.kept(SHARD)).map(one => one.member)
  }

  /** A member in a process of its own, on the directory it has here. Resolves when it runs. */
  async spawn(id: string, limits: Partial<Limits>): Promise<void> {
    const path = this.healing.path(id)
    const cluster = { servers: this.healing.server.url, shards: 1, member: id }
    const setting = { path, cluster, limits: { ...LIMITS, ...limits } }
    const child = new ChildProgram(PROGRAM, [JSON.stringify(setting)])
    this.#children.push(child)
    await child.ready()
  }

  /** Resolves when nothing of them is there, and nothing is held by them. */
  async killAll(): Promise<void> {
    await Promise.all(this.#children.splice(0).map(child => child.end()))
  }

  /** Adds from elsewhere. */
  async send(times: number): Promise<void> {
    const client = await connect({ actors: [strict], servers: this.healing.server.url })
    for (let n = 0; n < times; n++) await client.actor(strict, 's-1').ask({ type: 'ADD', n: 1 })
    await client[Symbol.asyncDispose]()
  }

  /** What a member has of its shards. */
  async files(id: string): Promise<readonly string[]> {
    const found = await readdir(this.healing.path(id)).catch(() => [])
    return found.filter(name => name.startsWith('shard-'))
  }

  async firstCommit(): Promise<number> {
    const found = await this.jsm.streams.getMessage(JOURNAL, {
      seq: 1,
      next_by_subj: COMMITS,
    } as Parameters<JetStreamManager['streams']['getMessage']>[1])
    return found?.seq ?? 0
  }

  /** Makes a chunk of an image another one, which looks as it should from outside. */
  async damage(id: string): Promise<void> {
    const subject = names.imageChunks(SHARD, id)
    const found = await this.jsm.streams.getMessage(names.imagesStream, { last_by_subj: subject })
    assert.ok(found !== null)
    await this.jsm.streams.purge(names.imagesStream, { filter: subject })
    const data = Buffer.from(found.data)
    data.writeUInt8(data.readUInt8(data.length >> 1) ^ 0xff, data.length >> 1)
    const own = headers()
    own.set('Perdure-Chunk', '0')
    own.set('Perdure-Sha256', createHash('sha256').update(data).digest('hex'))
    await this.js.publish(subject, data, { headers: own })
  }
}

World.test('an empty disk begins with an image where the log has let go of its beginning', async world => {
  const first = await world.start('m1')
  await add(first, 's-1', 10)
  await world.settled(first)
  const total = await world.addUntilFloor(first, 20)
  const floor = await world.floors.get(SHARD)
  assert.ok(floor !== undefined && (await world.firstCommit()) >= floor.log.sequence)
  await world.healing.stop('m1')
  const second = await world.start('m2')
  assert.equal(await add(second, 's-1', 1), total + 1)
  const journal = second.shard(SHARD)?.journal
  assert.ok(journal !== undefined && journal.historyFrom > 10, String(journal?.historyFrom))
  assert.ok(journal.entries('strict/s-1', 0, 100).every(one => one.position >= journal.historyFrom))
  assert.deepEqual([await world.healing.aside('m2'), world.healing.errors], [[], []])
  // What it does from there on is in its images as well.
  const kept = (await world.images.kept(SHARD))[0]?.id
  await world.addUntilFloor(second, journal.position)
  assert.notEqual((await world.images.kept(SHARD))[0]?.id, kept)
})

World.test(
  'the floor is never above the oldest image that is kept, and images there are two',
  async world => {
    const member = await world.start('m1')
    let floor: Awaited<ReturnType<typeof world.floors.get>>
    for (let n = 0; n < 60 || floor === undefined; n++) {
      assert.ok(n < 2_000, 'the floor does not rise')
      await add(member, 's-1', 1)
      // In that order: both only rise.
      floor = await world.floors.get(SHARD)
      const first = await world.firstCommit()
      const kept = await world.images.kept(SHARD)
      assert.ok(kept.length <= 2)
      if (first > 1 && floor === undefined) {
        // Before the floor is there nothing is purged.
        assert.equal((await world.floors.get(SHARD))?.log.sequence, first)
      }
      if (floor === undefined) continue
      assert.equal(kept.length, 2)
      assert.ok(floor.log.sequence <= kept[1]!.log.sequence)
    }
  },
)

World.test('who begins with an image says where its history begins, and nothing is made up', async world => {
  const first = await world.start('m1')
  await add(first, 's-old', 3)
  await world.settled(first)
  await world.addUntilFloor(first, 10)
  await world.healing.stop('m1')
  const second = await world.start('m2')
  const old = second.actor(strict, 's-old')
  assert.equal(await totalOf(second, 's-old'), 3)
  const { historyFrom = 0 } = second.shard(SHARD)?.journal ?? {}
  await assert.rejects(second.api.history({ address: 'strict/s-old' }), {
    code: 'NotFound',
    details: { after: 0, lastSeq: 4, historyFrom },
  })
  // Who follows it from before is given the state that there is, and goes on.
  const states: unknown[] = []
  const following = (async () => {
    for await (const { context } of old.changes({ afterSeq: 1 })) if (states.push(context.n) === 2) return
  })()
  await eventually(async () => states.length === 1 || undefined)
  await add(second, 's-old', 1)
  await following
  assert.deepEqual(states, [3, 4])
  const entries = await second.api.history({ address: 'strict/s-old' })
  assert.deepEqual(
    entries.map(one => one.seq),
    [5],
  )
  assert.equal((await old.getSnapshot({ atSeq: 5 }))?.context.n, 4)
  const journal = second.shard(SHARD)?.journal
  assert.ok(journal !== undefined)
  const report = verifyJournal(journal, new Bindings([parcel, strict]), usual)
  assert.deepEqual(report.differences, [])
  assert.ok(report.entries > 0)
})

World.test('an image that is damaged is reported and skipped: the one before serves', async world => {
  const total = await world.addUntilFloor(await world.start('m1'), 20)
  await world.healing.stop('m1')
  const [newest, older] = await world.images.kept(SHARD)
  assert.ok(newest !== undefined && older !== undefined)
  await world.damage(newest.id)
  const second = await world.start('m2')
  assert.equal(await add(second, 's-1', 1), total + 1)
  assert.equal(second.shard(SHARD)?.journal?.historyFrom, older.historyFrom)
  const report = world.healing.errors.find(one => one.message === 'an image was skipped')
  assert.equal(report?.facts.image, newest.id)
})

World.test('without an image that can be used the shard is refused, and both are named', async world => {
  await world.addUntilFloor(await world.start('m1'), 20)
  await world.healing.stop('m1')
  const [newest, older] = await world.images.kept(SHARD)
  assert.ok(newest !== undefined && older !== undefined)
  await world.damage(newest.id)
  await world.jsm.streams.purge(names.imagesStream, { filter: names.imageChunks(SHARD, older.id) })
  const second = await world.start('m2')
  const error = await eventually(async () => second.broken.get(SHARD) as Error | undefined)
  assert.match(error.message, /purged: expected the log from its beginning, or an image/)
  assert.ok(error.message.includes(newest.id) && error.message.includes(older.id), error.message)
  assert.match(error.message, /in the log: entries \d+ to \d+/)
  // The one whose journal has it goes on.
  await world.healing.stop('m2')
  assert.ok((await add(await world.start('m1'), 's-1', 1)) > 20)
})

World.test('a standby that lags behind the floor takes an image; its journal is set aside', async world => {
  const first = await world.start('m1')
  await world.start('m2')
  await add(first, 's-1', 3)
  await world.healing.stop('m2')
  const total = await world.addUntilFloor(first, 20)
  const second = await world.start('m2')
  await eventually(
    async () => second.shard(SHARD)?.journal?.position === first.shard(SHARD)?.journal?.position || undefined,
  )
  await world.healing.stop('m1')
  assert.equal(await totalOf(second, 's-1'), total)
  assert.equal(await add(second, 's-1', 1), total + 1)
  assert.match((await world.healing.aside('m2')).join(), /^shard-0\.set-aside-\d+$/)
  assert.match(world.healing.errors[0]?.message ?? '', /the shard begins again with an image/)
})

World.test(
  'the standby makes the images, and only with them does the owner let go of anything',
  async world => {
    const { owner: owning, standby } = assign([{ id: 'm1' }, { id: 'm2' }], 1)[SHARD]!
    assert.ok(owning !== undefined && standby !== undefined)
    // What the owner would make in its stead is a while off; what the standby makes never comes, at first.
    const owner = await world.start(owning, { imagePatience: 3 })
    await world.start(standby, { imageEntriesMin: 1_000_000 })
    await eventually(async () => {
      await add(owner, 's-1', 5)
      return (await world.images.kept(SHARD)).length === 2 || undefined
    })
    assert.deepEqual(await world.makers(), [owning, owning])
    assert.equal(await world.floors.get(SHARD), undefined)
    await world.healing.stop(standby)
    await world.healing.stop(owning)
    const again = await world.start(owning, { imagePatience: 1_000_000 })
    await world.start(standby)
    const { position = 0 } = again.shard(SHARD)?.journal ?? {}
    // Only with images that are still to be made, and the owner makes none.
    await world.addUntilFloor(again, position + 1)
    assert.ok((await world.makers()).includes(standby))
  },
)

World.test(
  'a member that is killed while it makes an image leaves nothing that is in the way',
  async world => {
    // Slow enough to be met in the middle.
    await world.spawn('m1', { imageBytesPerSecond: 2_000, imageChunkBytes: 500 })
    await world.send(12)
    const chunks = async () => {
      const info = await world.jsm.streams.info(names.imagesStream, { subjects_filter: names.images(SHARD) })
      return Object.keys(info.state.subjects ?? {})
    }
    const begun = await eventually(async () => (await chunks())[0])
    await world.killAll()
    assert.deepEqual(await world.images.kept(SHARD), [])
    assert.ok((await world.files('m1')).includes('shard-0.image'))
    const again = await world.start('m1')
    assert.ok((await world.addUntilFloor(again, 20)) > 20)
    assert.ok(!(await chunks()).includes(begun))
    await world.healing.stop('m1')
    assert.deepEqual(await world.files('m1'), ['shard-0'])
  },
)

World.test('a member that is killed while it begins with an image begins anew', async world => {
  const total = await world.addUntilFloor(await world.start('m1'), 20)
  await world.healing.stop('m1')
  const starting = world.spawn('m2', {}).catch(() => undefined)
  await eventually(async () => (await world.files('m2')).includes('shard-0.beginning') || undefined)
  await world.killAll()
  await starting
  const again = await world.start('m2')
  assert.equal(await add(again, 's-1', 1), total + 1)
  assert.deepEqual(await world.files('m2'), ['shard-0'])
})
