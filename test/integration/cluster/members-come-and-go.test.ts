/**
 * Members come and go under a steady load, each in a process of its own: one, three, two. Only what rendezvous moves is
 * moved, no ask fails, and no shard waits for a lease to end. How long asks took is told, and judged by that alone: on a
 * crowded machine the rest is the crowd's doing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Kvm, type KvWatchEntry } from '@nats-io/kv'
import { limits } from '../../../actors/limits.js'
import { assign } from '../../../cluster/members/assignment.js'
import type { ShardRecord } from '../../../cluster/members/shard-table.js'
import { connect, defineActor } from '../../../runtime/index.js'
import { CounterLoad, counterMembers } from '../../support/counter-load.js'
import { counterMachine } from '../../support/engine-counter.js'
import { connectionTo, serverFor } from '../../support/nats/nats-world.js'
import { until } from '../../support/until.js'

const SHARDS = 16
const COUNTERS = 48
const ASK_EVERY_MS = 20
const CALM_MS = 2_000
const SETTLED_MS_MAX = 60_000
const NAME = 'comers'

const counter = defineActor({ machine: counterMachine, version: '1' })

/** Whom a shard is meant for among those. */
function ownersAmong(ids: readonly string[]): readonly (string | undefined)[] {
  return assign(
    ids.map(id => ({ id })),
    SHARDS,
  ).map(seat => seat.owner)
}

function movesBetween(from: readonly string[], to: readonly string[]): number {
  const after = ownersAmong(to)
  return ownersAmong(from).filter((owner, shard) => owner !== after[shard]).length
}

/** The table of shards, as it is written. */
class Table {
  readonly #records = new Map<number, ShardRecord>()
  /** How often a shard got an owner. */
  claims = 0
  /** Of those, of a shard that its owner before had not released: waited for until his lease was over. */
  unplanned = 0

  async follow(entries: AsyncIterable<KvWatchEntry>): Promise<void> {
    for await (const entry of entries) {
      const shard = Number(entry.key)
      if (!Number.isInteger(shard)) continue
      const record = entry.json<ShardRecord>()
      const before = this.#records.get(shard)
      this.#records.set(shard, record)
      if (record.owner === undefined || record.epoch === before?.epoch) continue
      this.claims++
      if (before?.owner !== undefined) this.unplanned++
    }
  }

  isSettledAmong(ids: readonly string[]): boolean {
    return ownersAmong(ids).every((owner, shard) => this.#records.get(shard)?.owner === owner)
  }
}

test('one member, three, two, under a load of asks: no storm, no failed ask', {
  timeout: 240_000,
}, async t => {
  // They go before their server does.
  const members = counterMembers(t, { name: NAME, shards: SHARDS })
  const server = await serverFor(t)
  await members.start('a', server.url)
  const nc = await connectionTo(t, server.url)
  const table = new Table()
  const bucket = await new Kvm(nc).open(`${NAME}_shards`)
  void table.follow(await bucket.watch())
  const settled = async (...ids: string[]): Promise<number> => {
    const began = performance.now()
    await until(() => table.isSettledAmong(ids) || undefined, SETTLED_MS_MAX)
    return Math.round(performance.now() - began)
  }
  await settled('a')
  assert.equal(table.claims, SHARDS)

  const client = await connect({ actors: [counter], servers: server.url, name: NAME })
  t.after(() => client[Symbol.asyncDispose]())
  for (let n = 0; n < COUNTERS; n++) await client.actor(counter, `c-${n}`).start({ from: 0 })
  const load = new CounterLoad({ counters: COUNTERS, everyMs: ASK_EVERY_MS, phase: 'one member' })
  const asking = load.run(key => client.actor(counter, key).ask({ type: 'ADD', n: 1 }))
  await delay(CALM_MS)

  load.phase = 'two come'
  await Promise.all([members.start('b', server.url), members.start('c', server.url)])
  const comingMs = await settled('a', 'b', 'c')
  const came = table.claims - SHARDS
  load.phase = 'three members'
  await delay(CALM_MS)

  load.phase = 'one goes'
  const leaving = performance.now()
  await members.end('b', 'SIGTERM')
  const leftMs = Math.round(performance.now() - leaving)
  await settled('a', 'c')
  const went = table.claims - SHARDS - came
  load.phase = 'two members'
  await delay(CALM_MS)
  load.end()
  await asking

  t.diagnostic(`two came: ${came} moves, settled ${comingMs} ms after both had joined`)
  t.diagnostic(`one left: ${went} moves in ${leftMs} ms`)
  for (const phase of load.took.keys()) t.diagnostic(load.told(phase))
  assert.deepEqual(load.failures, [])
  for (const phase of ['two come', 'one goes'])
    assert.ok(load.at(phase, 0.99) < 2 * limits.leaseMs, load.told(phase))
  // Whoever of the two was seen first may have taken what then was the other's.
  const stepwise = ['b', 'c'].map(
    first => movesBetween(['a'], ['a', first]) + movesBetween(['a', first], ['a', 'b', 'c']),
  )
  assert.ok(
    came >= movesBetween(['a'], ['a', 'b', 'c']) && came <= Math.max(...stepwise),
    `${came} moves when two came: expected ${movesBetween(['a'], ['a', 'b', 'c'])} to ${Math.max(...stepwise)}`,
  )
  assert.equal(went, movesBetween(['a', 'b', 'c'], ['a', 'c']))
  assert.equal(table.unplanned, 0, 'shards taken from owners that had not released them')
  for (const [key, count] of load.asked)
    assert.equal((await client.actor(counter, key).getSnapshot())?.context.n, count, `${key}: once each`)
})
