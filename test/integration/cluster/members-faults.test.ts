/** What befalls servers, buckets, connections and clocks: nobody wrongly loses a shard, and no shard has two owners. */
import assert from 'node:assert/strict'
import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Kvm } from '@nats-io/kv'
import { limits } from '../../../actors/limits.js'
import { openBucket } from '../../../cluster/members/buckets.js'
import { LeaseCell } from '../../../cluster/members/lease-cell.js'
import { LeaseRenewal } from '../../../cluster/members/lease-renewal.js'
import { lifeOf } from '../../../cluster/members/member-record.js'
import { OwnersWorld, reignsOf, type ShardOwner, until } from '../../support/cluster-member.js'
import { connectionTo } from '../../support/nats/nats-world.js'

const SHARDS = 16

async function settled(owners: readonly ShardOwner[], patienceMs?: number): Promise<void> {
  const isOwned = (shard: number): boolean =>
    owners.filter(one => one.membership.wanted().own.has(shard) && one.owned.includes(shard)).length === 1
  await until(
    `${owners.length} members own ${SHARDS} shards`,
    () =>
      Array.from({ length: SHARDS }, (_, shard) => shard).every(isOwned) &&
      owners.reduce((sum, one) => sum + one.owned.length, 0) === SHARDS,
    patienceMs,
  )
}

const epochs = (owners: readonly ShardOwner[]): [string, number, number][] =>
  owners.flatMap(one =>
    [...one.membership.held].map(([s, e]) => [one.membership.id, s, e] as [string, number, number]),
  )

test('the server is away for longer than a term: the leases stop, and go on with what was owned', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const owners = [await world.join('a'), await world.join('b')]
  await settled(owners)
  const before = epochs(owners)
  await world.server.kill()
  await until('nobody is valid', () => owners.every(one => !one.membership.isValid()), limits.leaseMs + 500)
  assert.match(JSON.stringify(owners[0]?.membership.validity()), /has not renewed its lease of 3000 ms/)
  await delay(limits.leaseMs / 2)
  await world.server.restart()
  const back = performance.now()
  await settled(owners)
  t.diagnostic(`all leases hold again ${Math.round(performance.now() - back)} ms after the server is back`)
  await delay(limits.leaseMs + 500)
  assert.deepEqual(epochs(owners), before)
  reignsOf(world.samples)
})

test('the bucket of shards is deleted: its members write it again, and keep what they own', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const owners = [await world.join('a'), await world.join('b')]
  await settled(owners)
  const before = epochs(owners)
  const nc = await connectionTo(t, world.server.url)
  await new Kvm(nc).open('perdure_shards').then(kv => kv.destroy())
  await delay(limits.leaseMs)
  assert.deepEqual(epochs(owners), before)
  const table = await new Kvm(nc).open('perdure_shards')
  for (const [member, shard, epoch] of before) {
    const record = (await table.get(String(shard)))?.json<{ owner: string; epoch: number }>()
    assert.deepEqual([record?.owner, record?.epoch], [member, epoch])
  }
  // One that knows nothing of before learns it from what was written again.
  const c = await world.join('c')
  await settled([...owners, c])
  reignsOf(world.samples)
})

test('the bucket of members is deleted: all live on under a new lease, and no shard changes hands', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const owners = [await world.join('a'), await world.join('b')]
  await settled(owners)
  const before = epochs(owners)
  const nc = await connectionTo(t, world.server.url)
  await new Kvm(nc).open('perdure_members').then(kv => kv.destroy())
  const gone = performance.now()
  await until('the leases are new', () =>
    epochs(owners).every(([, shard, epoch]) => epoch > (before.find(b => b[1] === shard)?.[2] ?? 0)),
  )
  await settled(owners)
  t.diagnostic(`owned again under new leases ${Math.round(performance.now() - gone)} ms after the deletion`)
  await delay(limits.leaseMs + 500)
  const owner = (list: [string, number, number][]): string[] =>
    list.map(([id, shard]) => `${id}/${shard}`).sort()
  assert.deepEqual(owner(epochs(owners)), owner(before))
  reignsOf(world.samples)
})

/** Bytes pass while it is open; cut, they are kept back and the connections stand. */
class Passage {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async to(t: TestContext, port: number): Promise<Passage> {
    const server = createServer({ pauseOnConnect: false }, near => {
      const far = dial(port, '127.0.0.1')
      for (const [from, into] of [
        [near, far],
        [far, near],
      ] as const) {
        passage.#sockets.add(from)
        from.pipe(into)
        from.on('error', () => into.destroy()).on('close', () => into.destroy())
      }
    })
    const passage = new Passage(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => {
      for (const socket of passage.#sockets) socket.destroy()
      server.close()
    })
    return passage
  }

  get url(): string {
    const address = this.#server.address()
    return `nats://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  }

  cut(): void {
    for (const socket of this.#sockets) socket.pause()
  }

  mend(): void {
    for (const socket of this.#sockets) socket.resume()
  }
}

test('a renewal counts from before its write was sent, and is refused once others removed the key', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const passage = await Passage.to(t, world.server.port)
  const nc = await connectionTo(t, passage.url)
  const kv = await openBucket(nc, 'perdure_members', 1)
  const cell = new LeaseCell()
  const told: string[] = []
  const site = {
    kv,
    cell,
    answerMsMax: 10_000,
    onLife: ({ losses }: { losses: number }) => told.push(`life after ${losses}`),
    onLost: (reason: string) => told.push(reason),
  }
  const about = { id: 'a', since: 1, program: 'p', host: 'h', pid: 1, versions: {}, weight: 1 }
  const renewal = new LeaseRenewal(site, { ...about, draining: false, skewed: false })
  assert.equal(await renewal.beat(), true)
  passage.cut()
  const slow = renewal.beat()
  await delay(600)
  passage.mend()
  assert.equal(await slow, true)
  assert.equal(cell.isFresh(600, 0), false)
  assert.equal(cell.isFresh(limits.leaseMs, 0), true)

  await kv.purge('a')
  assert.equal(await renewal.beat(), false)
  assert.equal(cell.isFresh(limits.leaseMs, cell.losses), false)
  assert.equal(await renewal.beat(), true)
  assert.equal(cell.isFresh(limits.leaseMs, 1), true)
  assert.deepEqual(told, [
    'life after 0',
    'its key was removed: others held it for dead, or the bucket was made anew',
    'life after 1',
  ])
})

test('a member whose watch is cut off judges nobody, and its own lease lives by its heartbeats', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const a = await world.join('a')
  const passage = await Passage.to(t, world.server.port)
  const b = await world.join('b', {
    cluster: { servers: passage.url },
    heartbeats: { servers: world.server.url },
  })
  await settled([a, b])
  const before = epochs([a, b])
  passage.cut()
  await delay(limits.leaseMs * 2)
  assert.equal(b.membership.isValid(), true)
  assert.deepEqual(
    b.membership
      .members()
      .map(one => one.id)
      .sort(),
    ['a', 'b'],
  )
  passage.mend()
  await settled([a, b])
  await delay(limits.leaseMs / 2)
  assert.deepEqual(epochs([a, b]), before)
  reignsOf(world.samples)
})

test('a member whose heartbeats are cut off is dead within a term, while it still reads and writes', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const a = await world.join('a')
  const passage = await Passage.to(t, world.server.port)
  const b = await world.join('b', { heartbeats: { servers: passage.url } })
  await settled([a, b])
  passage.cut()
  const cut = performance.now()
  await until('a owns all', () => a.owned.length === SHARDS)
  assert.ok(performance.now() - cut <= limits.leaseMs + 500)
  assert.equal(b.membership.isValid(), false)
  assert.deepEqual(b.membership.claimable(), [])
  passage.mend()
  await settled([a, b])
  reignsOf(world.samples)
})

test('epochs grow, and each is one member’s, however many claim at once', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const owners = [await world.join('a'), await world.join('b'), await world.join('c')]
  await settled(owners)
  const claims: { shard: number; epoch: number }[] = []
  const since = performance.now()
  const isOver = () => claims.length > 50 || performance.now() - since > 30_000
  const race = async (owner: ShardOwner, shard: number): Promise<void> => {
    while (!isOver()) {
      const epoch = await owner.membership.claim(shard)
      if (epoch !== undefined) {
        assert.ok(epoch > (claims.filter(one => one.shard === shard).at(-1)?.epoch ?? 0))
        claims.push({ shard, epoch })
      }
      await owner.membership.release(shard)
      await delay(1)
    }
  }
  await Promise.all(owners.flatMap(owner => [0, 1, 2, 3].map(shard => race(owner, shard))))
  for (const shard of [0, 1, 2, 3]) {
    const of = claims.filter(one => one.shard === shard)
    assert.equal(new Set(of.map(one => one.epoch)).size, of.length, `shard ${shard}: an epoch twice`)
  }
  t.diagnostic(`${claims.length} claims won by racing members in ${Math.round(performance.now() - since)} ms`)
  assert.ok(claims.length > 50)
  await settled(owners)
  reignsOf(world.samples)
})

test('a table that was lost is not taken for a new one by somebody who knows nothing', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS, foundedMs: Date.now() - 3600_000 })
  const begun = performance.now()
  const a = await world.join('a')
  assert.deepEqual(a.membership.claimable(), [])
  await settled([a])
  const took = performance.now() - begun
  assert.ok(took >= limits.leaseMs - 100, `claimed after ${took} ms`)
})

test('an entry of a life in a bucket that is no more is free in the end', async t => {
  const world = await OwnersWorld.open(t, { shards: 1 })
  const nc = await connectionTo(t, world.server.url)
  const table = await new Kvm(nc).create('perdure_shards')
  const life = lifeOf('2020-01-01T00:00:00Z', 7)
  await table.put('0', JSON.stringify({ owner: 'gone', life, epoch: 41, since: 0 }))
  const a = await world.join('a')
  assert.deepEqual(a.membership.owner(0), { member: 'gone', epoch: 41 })
  await until('a owns it', () => a.owned.length === 1)
  assert.deepEqual(a.membership.owner(0), { member: 'a', epoch: 42 })
})

test('a thread that steps for longer than a term costs its member nothing', async t => {
  const world = await OwnersWorld.open(t, { shards: SHARDS })
  const owners = [await world.join('a'), await world.join('b')]
  await settled(owners)
  const before = epochs(owners)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, limits.leaseMs * 1.5)
  assert.deepEqual(
    owners.map(one => one.membership.isValid()),
    [true, true],
  )
  await delay(limits.leaseMs + 500)
  assert.deepEqual(epochs(owners), before)
})
