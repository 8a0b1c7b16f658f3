/**
 * How long a shard is without anybody who commits to it, read off the log: between the last commit of an owner that is
 * killed and the first of the next, under a steady load. With three servers that keep all thrice:
 * PERDURE_TAKEOVER_SERVERS=3. A term and half a second is what it takes on a machine that is not crowded:
 * PERDURE_TAKEOVER_MS_MAX=3500.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { limits } from '../../../actors/limits.js'
import { assign } from '../../../cluster/members/assignment.js'
import type { ShardRecord } from '../../../cluster/members/shard-table.js'
import { startNatsCluster } from '../../../runtime/demo/nats-server/start-cluster.js'
import { connect, defineActor } from '../../../runtime/index.js'
import { CounterLoad, counterMembers } from '../../support/counter-load.js'
import { counterMachine } from '../../support/engine-counter.js'
import { connectionTo, serverFor } from '../../support/nats/nats-world.js'
import { until } from '../../support/until.js'

const SERVERS = Number(process.env.PERDURE_TAKEOVER_SERVERS ?? 1)
const PAUSE_MS_MAX = Number(process.env.PERDURE_TAKEOVER_MS_MAX ?? 2 * limits.leaseMs)
const KILLS = Number(process.env.PERDURE_TAKEOVER_KILLS ?? 3)
const SHARDS = 24
const COUNTERS = 96
const ASK_EVERY_MS = 8
const CALM_MS = 2_000
const NAME = 'takers'
const MEMBERS = ['a', 'b', 'c']

const counter = defineActor({ machine: counterMachine, version: '1' })

async function serversFor(t: TestContext): Promise<string[]> {
  if (SERVERS === 1) return [(await serverFor(t)).url]
  const servers = await startNatsCluster({ servers: SERVERS })
  t.after(() => servers.stop())
  return [...servers.urls]
}

interface Written {
  readonly kind: string
  readonly epoch: number
  readonly member: string
  /** By the servers' clock. */
  readonly atMs: number
}

/** What stands in the log, by shard, as it was written. */
class LogTimes {
  readonly #shards = new Map<number, Written[]>()

  note(shard: number, written: Written): void {
    const all = this.#shards.get(shard)
    if (all === undefined) this.#shards.set(shard, [written])
    else all.push(written)
  }

  /** Of each shard that a member lost: the pause between its last commit and the next one's first, and when that claimed. */
  lostBy(member: string, sinceMs: number) {
    return [...this.#shards].flatMap(([shard, all]) => {
      const next = all.findIndex(
        (one, index) =>
          one.kind === 'commit' &&
          one.atMs > sinceMs &&
          one.member !== member &&
          this.#before(all, index)?.member === member,
      )
      const [first, last] = [all[next], this.#before(all, next)]
      if (first === undefined || last === undefined) return []
      const claim = all.find(one => one.kind === 'claim' && one.epoch === first.epoch)
      return [{ shard, lastMs: last.atMs, claimMs: claim?.atMs ?? 0, firstMs: first.atMs }]
    })
  }

  #before(all: readonly Written[], index: number): Written | undefined {
    return all.slice(0, Math.max(0, index)).findLast(one => one.kind === 'commit')
  }
}

test('owners killed under load: others commit to their shards soon after their term', {
  timeout: 300_000,
}, async t => {
  const shape = { name: NAME, shards: SHARDS, ...(SERVERS > 1 ? { replicas: SERVERS } : {}) }
  const members = counterMembers(t, shape)
  const servers = await serversFor(t)
  for (const member of MEMBERS) await members.start(member, servers)
  const nc = await connectionTo(t, servers)
  const table = new Map<number, ShardRecord & { atMs: number }>()
  const removed = new Map<string, number>()
  const kvm = new Kvm(nc)
  const follow = async () => {
    for await (const entry of await (await kvm.open(`${NAME}_shards`)).watch())
      if (Number.isInteger(Number(entry.key)))
        table.set(Number(entry.key), { ...entry.json<ShardRecord>(), atMs: entry.created.getTime() })
  }
  const followMembers = async () => {
    for await (const entry of await (await kvm.open(`${NAME}_members`)).watch())
      if (entry.operation !== 'PUT') removed.set(entry.key, entry.created.getTime())
  }
  void follow()
  void followMembers()
  const settled = () =>
    until(
      () =>
        assign(
          MEMBERS.map(id => ({ id })),
          SHARDS,
        ).every((seat, shard) => table.get(shard)?.owner === seat.owner) || undefined,
      60_000,
    )
  await settled()
  const log = new LogTimes()
  const consumer = await jetstream(nc).consumers.get(`${NAME.toUpperCase()}_JOURNAL`, {
    filter_subjects: [`${NAME}.j.*.*.commit`],
  })
  const messages = await consumer.consume({
    callback: ({ subject, headers, info }) =>
      log.note(Number(subject.split('.')[3]), {
        kind: headers?.get('Perdure-Kind') ?? '',
        epoch: Number(headers?.get('Perdure-Epoch')),
        member: headers?.get('Perdure-Member') ?? '',
        atMs: info.timestampNanos / 1e6,
      }),
  })
  t.after(() => messages.close())

  const client = await connect({ actors: [counter], servers, name: NAME })
  t.after(() => client[Symbol.asyncDispose]())
  for (let n = 0; n < COUNTERS; n++) await client.actor(counter, `c-${n}`).start({ from: 0 })
  const load = new CounterLoad({ counters: COUNTERS, everyMs: ASK_EVERY_MS, phase: 'calm' })
  const asking = load.run(key => client.actor(counter, key).ask({ type: 'ADD', n: 1 }))
  const pauses: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    load.phase = 'calm'
    await delay(CALM_MS)
    const member = MEMBERS[kill % MEMBERS.length]!
    const owned = [...table].filter(([, record]) => record.owner === member).map(([shard]) => shard)
    load.phase = `kill ${kill}`
    const killedMs = Date.now()
    await members.end(member, 'SIGKILL')
    await until(() => log.lostBy(member, killedMs).length === owned.length || undefined, 60_000)
    const lost = log.lostBy(member, killedMs)
    const span = (from: number[]) => `${Math.round(Math.min(...from))}–${Math.round(Math.max(...from))}`
    const gaps = lost.map(one => one.firstMs - one.lastMs)
    pauses.push(...gaps)
    t.diagnostic(
      `kill of ${member} with ${owned.length} shards, ms after it: removed ${(removed.get(member) ?? 0) - killedMs}, ` +
        `table ${span(owned.map(shard => (table.get(shard)?.atMs ?? 0) - killedMs))}, ` +
        `claim ${span(lost.map(one => one.claimMs - killedMs))}, ` +
        `first commit ${span(lost.map(one => one.firstMs - killedMs))}; pauses ${span(gaps)}`,
    )
    load.phase = 'comes back'
    await members.start(member, servers)
    await settled()
  }
  load.end()
  await asking
  for (const phase of load.took.keys()) t.diagnostic(load.told(phase))
  const worst = Math.max(...pauses)
  t.diagnostic(`longest pause of ${pauses.length}: ${Math.round(worst)} ms (term ${limits.leaseMs} ms)`)
  assert.deepEqual(load.failures, [])
  for (const [key, count] of load.asked)
    assert.equal((await client.actor(counter, key).getSnapshot())?.context.n, count, `${key}: once each`)
  assert.ok(worst <= PAUSE_MS_MAX, `${Math.round(worst)} ms`)
})
