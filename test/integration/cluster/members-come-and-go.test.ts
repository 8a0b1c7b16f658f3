/**
 * Members come and go under a steady load, each in a process of its own: one, three, two. Only what rendezvous moves is
 * moved, no ask fails, and no shard waits for a lease to end. How long asks took is told, not judged: on a crowded machine
 * that is the crowd's doing.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Kvm, type KvWatchEntry } from '@nats-io/kv'
import { assign } from '../../../cluster/members/assignment.js'
import type { ShardRecord } from '../../../cluster/members/shard-table.js'
import { connect, defineActor } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { connectionTo, serverFor } from '../../support/nats/nats-world.js'
import { until } from '../../support/until.js'

const PROGRAM = fileURLToPath(new URL('../../support/counter-member.js', import.meta.url))
const SHARDS = 16
const COUNTERS = 48
/** Begun every so often, whatever becomes of those before. */
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

/** Asks evenly, and notes how long each took, by what went on when it was begun. */
class Load {
  readonly took = new Map<string, number[]>()
  readonly failures: unknown[] = []
  readonly asked = new Map<string, number>()
  phase = 'one member'
  #isOver = false

  async run(ask: (key: string) => Promise<unknown>): Promise<void> {
    const began = performance.now()
    const asks = new Set<Promise<void>>()
    for (let begun = 0; !this.#isOver; ) {
      for (; begun * ASK_EVERY_MS < performance.now() - began; begun++) {
        const one = this.#timed(`c-${begun % COUNTERS}`, began + begun * ASK_EVERY_MS, ask)
        asks.add(one)
        void one.finally(() => asks.delete(one))
      }
      await delay(1)
    }
    await Promise.all(asks)
  }

  async #timed(key: string, beginAt: number, ask: (key: string) => Promise<unknown>): Promise<void> {
    const { phase } = this
    this.asked.set(key, (this.asked.get(key) ?? 0) + 1)
    try {
      await ask(key)
    } catch (error) {
      this.failures.push(error)
    }
    this.took.set(phase, [...(this.took.get(phase) ?? []), performance.now() - beginAt])
  }

  end(): void {
    this.#isOver = true
  }

  told(phase: string): string {
    const sorted = (this.took.get(phase) ?? []).sort((a, b) => a - b)
    const at = (share: number) => `${Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)} ms`
    return `${phase}: ${sorted.length} asks, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`
  }
}

function membersFor(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-comers-'))
  const children = new Map<string, ChildProcess>()
  const end = async (member: string, signal: NodeJS.Signals) => {
    const child = children.get(member)!
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  t.after(async () => {
    await Promise.all([...children.keys()].map(member => end(member, 'SIGKILL')))
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  return {
    end,
    async start(member: string, servers: string): Promise<void> {
      const options = {
        path: join(directory, member),
        cluster: { servers, name: NAME, shards: SHARDS, member },
      }
      const child = spawn(process.execPath, [PROGRAM, JSON.stringify(options)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      children.set(member, child)
      await once(child.stdout!, 'data')
    },
  }
}

test('one member, three, two, under a load of asks: no storm, no failed ask', {
  timeout: 240_000,
}, async t => {
  // They go before their server does.
  const members = membersFor(t)
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
  const load = new Load()
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
