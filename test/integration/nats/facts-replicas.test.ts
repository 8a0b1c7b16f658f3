/**
 * What a commit rests on where three servers keep each stream: a batch is whole or absent, whichever server dies; what
 * was acknowledged is there; and without a majority nobody is told yes.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { nuid } from '@nats-io/transport-node'
import { type NatsCluster, startNatsCluster } from '../../../runtime/demo/nats-server/start-cluster.js'
import type { NatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { type BatchAnswer, commitBatch } from '../../support/nats/atomic-batch.js'
import { connectionTo, eventually } from '../../support/nats/nats-world.js'

const BATCH = 20
const KILLS = 3

const stream = { name: 'J', subjects: ['j.>'], allow_atomic: true, num_replicas: 3 }

suite('three replicas', () => {
  test('hold each batch whole or not at all, and all that were acknowledged, whichever leader is killed', {
    timeout: 180_000,
  }, async t => {
    const cluster = await startNatsCluster()
    t.after(() => cluster.stop())
    const options = { reconnectTimeWait: 20, maxReconnectAttempts: -1 }
    const nc = await connectionTo(t, cluster.urls, options)
    const jsm = await jetstreamManager(nc)
    await eventually(() => jsm.streams.add(stream))

    const acknowledged = new Map<string, BatchAnswer>()
    let writing = true
    const writer = (async () => {
      while (writing) {
        const id = nuid.next()
        const messages = Array.from({ length: BATCH }, (_, n) => ({ subject: `j.${n}`, data: id }))
        const answer = await commitBatch(nc, messages, { id, timeoutMs: 500 }).catch(() => undefined)
        if (answer !== undefined && answer.error === undefined) acknowledged.set(id, answer)
      }
    })()
    for (let kills = 1; kills <= KILLS; kills++) {
      const goal = acknowledged.size + 20
      while (acknowledged.size < goal) await delay(5)
      const leader = await leaderOf(jsm, cluster)
      await leader.kill()
      await leader.restart()
      await cluster.ready()
    }
    writing = false
    await writer

    const found = await batchesIn(jsm)
    for (const [id, seqs] of found) {
      assert.equal(seqs.length, BATCH, `batch ${id} is ${seqs.length} messages`)
      assert.equal(seqs.at(-1)! - seqs[0]!, BATCH - 1, `batch ${id} has a gap`)
    }
    for (const [id, { seq }] of acknowledged)
      assert.equal(found.get(id)?.at(-1), seq, `batch ${id} was acknowledged`)
    t.diagnostic(`${acknowledged.size} acknowledged, ${found.size} found`)
  })

  test('without a majority: nobody is told yes; with one again, all goes on', {
    timeout: 180_000,
  }, async t => {
    const cluster = await startNatsCluster()
    t.after(() => cluster.stop())
    const [first, second, third] = cluster.servers as [NatsServer, NatsServer, NatsServer]
    const nc = await connectionTo(t, first.url)
    const jsm = await jetstreamManager(nc)
    await eventually(() => jsm.streams.add(stream))
    assert.equal((await commitBatch(nc, [{ subject: 'j.1', expected: 0 }])).seq, 1)
    await Promise.all([second.kill(), third.kill()])
    const alone = await commitBatch(nc, [{ subject: 'j.1', expected: 1 }], { timeoutMs: 1_000 }).then(
      answer => answer.error?.description,
      (error: Error) => error.name,
    )
    t.diagnostic(`alone: ${alone}`)
    assert.notEqual(alone, undefined)
    await Promise.all([second.start(), third.start()])
    await cluster.ready()
    await eventually(async () => {
      const answer = await commitBatch(nc, [{ subject: 'j.2' }], { timeoutMs: 1_000 })
      return answer.error === undefined ? answer : undefined
    })
    const last = await eventually(() => jsm.streams.getMessage('J', { last_by_subj: 'j.1' }))
    t.diagnostic(
      `the batch nobody was told of: ${last?.seq === 1 ? 'is not there' : `is there, ${last?.seq}`}`,
    )
    assert.ok((last?.seq ?? 0) >= 1)
  })
})

function leaderOf(jsm: JetStreamManager, cluster: NatsCluster): Promise<NatsServer> {
  return eventually(async () => {
    const { leader } = (await jsm.streams.info('J')).cluster ?? {}
    return cluster.servers.find((_, index) => `n${index + 1}` === leader)
  })
}

/** Sequences by batch. */
async function batchesIn(jsm: JetStreamManager): Promise<Map<string, number[]>> {
  const { state } = await eventually(() => jsm.streams.info('J'))
  const found = new Map<string, number[]>()
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const id = (await eventually(() => jsm.streams.getMessage('J', { seq })))?.string() ?? 'lost'
    found.set(id, [...(found.get(id) ?? []), seq])
  }
  return found
}
