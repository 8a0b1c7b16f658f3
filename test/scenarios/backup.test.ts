/**
 * A backup made while orders run: what is restored is the journal as it was at one commit, to the digest, and its
 * orders are carried to their ends.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Commit } from '../../actors/commit.js'
import { digest } from '../../actors/digest.js'
import type { Journal } from '../../actors/journal.js'
import { limits } from '../../actors/limits.js'
import { openJournal, restoreJournal, type SqliteJournal } from '../../journal/index.js'
import { lifeAt } from '../../runtime/commit/history.js'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime } from '../../runtime/index.js'
import type { Bindings } from '../../runtime/step/bindings.js'
import { type Life, revive } from '../../runtime/step/life.js'
import { verifyJournal } from '../../runtime/verify.js'
import { order } from '../bench/order-machine.js'

const IN_FLIGHT = 100
const ORDERS_BEFORE = 1_500
const ORDERS_AFTER = 300

test('a backup under load restores to the same digests, and goes on', async t => {
  const root = mkdtempSync(join(tmpdir(), 'perdure-backup-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const [data, backup, restored] = ['data', 'backup', 'restored'].map(name => join(root, name))

  const runtime = (await createRuntime({ actors: [order], path: data! })) as EmbeddedRuntime
  const load = new Load(runtime)
  await load.reaches(ORDERS_BEFORE)
  const before = runtime.shard.journal.position
  const made = await runtime.shard.journal.backup(backup!)
  const after = runtime.shard.journal.position
  await load.reaches(load.ended + ORDERS_AFTER)
  await load.stop()
  await runtime.stop()
  assert.ok(made.position >= before && made.position <= after)
  assert.ok(after > before, 'nothing was committed while the backup was made')

  assert.deepEqual(await restoreJournal(backup!, restored!), made)
  const original = openJournal({ path: data!, readOnly: true })
  const copy = openJournal({ path: restored!, readOnly: true })
  assert.equal(copy.position, made.position)
  assert.equal(copy.verifyChain(), made.position)
  assert.deepEqual(commitsUpTo(copy, made.position), commitsUpTo(original, made.position))
  const { bindings } = runtime
  const verified = verifyJournal(copy, bindings, limits)
  assert.deepEqual(verified.differences, [])
  assert.equal(verified.entries, made.position)
  assert.equal(assertSameLives(copy, original, bindings), verified.actors)
  original.close()
  copy.close()

  const again = (await createRuntime({ actors: [order], path: restored! })) as EmbeddedRuntime
  assert.equal(again.shard.journal.wasKilled, false)
  // Whatever was in flight at that commit goes on from there: what it owed is done, and then it waits.
  for (const one of again.shard.journal.list({ status: 'active', limit: 10_000 })) {
    const handle = again.actor(order, one.address.split('/')[1]!)
    await handle.waitFor(state => state.hasTag('waiting'))
    assert.equal((await handle.ask({ type: 'DELIVERED' })).snapshot.status, 'done')
  }
  assert.equal(again.shard.journal.count({ status: 'active' }), 0)
  assert.equal(again.shard.journal.countDeadLetters(), 0)
  assert.deepEqual(verifyJournal(again.shard.journal, bindings, limits).differences, [])
  await again.stop()
})

/** Orders one after the other, so many at once, until told to stop. */
class Load {
  ended = 0
  #begun = 0
  #stops = false
  readonly #clients: readonly Promise<void>[]
  readonly #runtime: EmbeddedRuntime

  constructor(runtime: EmbeddedRuntime) {
    this.#runtime = runtime
    this.#clients = Array.from({ length: IN_FLIGHT }, () => this.#client())
  }

  async #client(): Promise<void> {
    while (!this.#stops) {
      const orderId = `o-${this.#begun++}`
      const one = this.#runtime.actor(order, orderId)
      await one.start({ orderId, customer: `c-${orderId}`, amount: this.#begun })
      await one.waitFor(state => state.hasTag('waiting'))
      await one.send({ type: 'DELIVERED' })
      this.ended++
    }
  }

  async reaches(orders: number): Promise<void> {
    while (this.ended < orders) await new Promise(resolve => setImmediate(resolve))
  }

  async stop(): Promise<void> {
    this.#stops = true
    await Promise.all(this.#clients)
  }
}

function commitsUpTo(journal: SqliteJournal, position: number): string[] {
  const digests: string[] = []
  for (const { records: _, ...commit } of journal.commits(0)) {
    if (commit.first > position) break
    digests.push(digest(commit satisfies Omit<Commit, 'records' | 'pending'>))
  }
  return digests
}

/** Each actor of the copy is what the original's history makes of it up to that entry. Answers how many there are. */
function assertSameLives(copy: Journal, original: Journal, bindings: Bindings): number {
  const actors = copy.list({ limit: 1_000_000 })
  for (const { address, seq } of actors) {
    const { record } = copy.read(address)!
    const was = lifeAt(address, seq, original, bindings, limits)
    assert.equal(lifeDigest(revive(record, bindings.of(record))), lifeDigest(was!), address)
  }
  return actors.length
}

function lifeDigest({ record, state, binding }: Life): string {
  const { state: _, ...rest } = record
  return digest({ ...rest, state: binding.logic.canonical(state) })
}
