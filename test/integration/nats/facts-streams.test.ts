/**
 * What sharding, events, positions and the retention floor rest on, asked of a real server.
 */
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { commitBatch } from '../../support/nats/atomic-batch.js'
import { connectionTo, serverFor } from '../../support/nats/nats-world.js'

const SHARDS = 64
const fetchMs = 1_000

interface World {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
}

async function world(t: TestContext): Promise<World> {
  const nc = await connectionTo(t, (await serverFor(t)).url)
  return { nc, js: jetstream(nc), jsm: await jetstreamManager(nc) }
}

suite('commands in their shards', () => {
  async function withCommands(t: TestContext): Promise<World> {
    const made = await world(t)
    await made.jsm.streams.add({
      name: 'COMMANDS',
      subjects: ['cmd.*.*'],
      subject_transform: {
        src: 'cmd.*.*',
        dest: `shard.{{partition(${SHARDS},1,2)}}.{{wildcard(1)}}.{{wildcard(2)}}`,
      },
    })
    return made
  }

  test('are the FNV-1a hash of type and key, joined, by the count of shards; every shard gets its share', async t => {
    const { js, jsm } = await withCommands(t)
    const keys = Array.from({ length: 3_200 }, (_, n) => `o-${n}`)
    await Promise.all(keys.map(key => js.publish(`cmd.order.${key}`)))
    const { state } = await jsm.streams.info('COMMANDS', { subjects_filter: '>' })
    const found = Object.keys(state.subjects ?? {}).sort()
    const expected = keys.map(key => `shard.${fnv1a(`order${key}`) % SHARDS}.order.${key}`).sort()
    assert.deepEqual(found, expected)
    const counts = new Map<string, number>()
    for (const subject of found) {
      const shard = subject.split('.')[1] ?? ''
      counts.set(shard, (counts.get(shard) ?? 0) + 1)
    }
    assert.equal(counts.size, SHARDS)
    assert.ok(Math.max(...counts.values()) < 1.6 * (keys.length / SHARDS))
  })

  test('are reached by the public subject alone; an expectation is about the subject they come to lie under', async t => {
    const { js } = await withCommands(t)
    assert.equal((await js.publish('cmd.order.o-1')).seq, 1)
    await assert.rejects(js.publish('shard.42.order.o-1'), { name: 'JetStreamNotEnabled' })
    assert.equal((await js.publish('cmd.order.o-1', '', { expect: { lastSubjectSequence: 1 } })).seq, 2)
    const wrong = { name: 'JetStreamApiError', status: 400, code: 10071, message: 'wrong last sequence: 2' }
    await assert.rejects(js.publish('cmd.order.o-1', '', { expect: { lastSubjectSequence: 0 } }), wrong)
  })

  test('are de-duplicated over the whole stream: a bare id takes another actor’s command for a second one', async t => {
    const { js } = await withCommands(t)
    await js.publish('cmd.order.o-1', '', { msgID: 'pay' })
    assert.equal((await js.publish('cmd.order.o-2', '', { msgID: 'pay' })).duplicate, true)
    assert.equal((await js.publish('cmd.order.o-2', '', { msgID: 'order/o-2/pay' })).duplicate, false)
  })
})

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

suite('a stream sourced from another', () => {
  test('has the events of each batch that was committed, renamed, once and in order; of a refused one nothing', async t => {
    const { nc, js, jsm } = await world(t)
    await jsm.streams.add({ name: 'JOURNAL', subjects: ['j.>'], allow_atomic: true })
    const renamed = {
      src: 'j.*.*.event.*.*.*',
      dest: 'event.{{wildcard(3)}}.{{wildcard(4)}}.{{wildcard(5)}}',
    }
    await jsm.streams.add({ name: 'EVENTS', sources: [{ name: 'JOURNAL', subject_transforms: [renamed] }] })
    const commit = (expected: number, ...events: string[]) =>
      commitBatch(nc, [
        { subject: 'j.1.3.commit', expected },
        ...events.map(event => ({ subject: `j.1.3.event.order.o-1.${event}`, data: event })),
      ])
    await commit(0, 'PLACED', 'PAID')
    assert.equal((await commit(0, 'NEVER')).error?.err_code, 10071)
    await commit(1, 'SHIPPED')
    const consumer = await js.consumers.get('EVENTS', { filter_subjects: ['event.>'] })
    const seen: unknown[] = []
    for await (const message of await consumer.consume()) {
      const source = message.headers?.get('Nats-Stream-Source').split(' ')
      seen.push([
        message.seq,
        message.subject,
        source?.[0],
        source?.[1],
        message.headers?.has('Nats-Batch-Id'),
      ])
      if (message.string() === 'SHIPPED') break
    }
    assert.deepEqual(seen, [
      [1, 'event.order.o-1.PLACED', 'JOURNAL', '2', false],
      [2, 'event.order.o-1.PAID', 'JOURNAL', '3', false],
      [3, 'event.order.o-1.SHIPPED', 'JOURNAL', '5', false],
    ])
  })
})

suite('reading a journal', () => {
  async function withJournal(t: TestContext): Promise<World> {
    const made = await world(t)
    await made.jsm.streams.add({ name: 'J', subjects: ['j.>'], allow_atomic: true, allow_direct: true })
    for (const shard of [1, 2, 1, 3, 2, 1]) await made.js.publish(`j.${shard}.commit`)
    return made
  }

  async function read({ js }: World, from: number, subjects: string[], count: number): Promise<number[]> {
    const consumer = await js.consumers.get('J', {
      filter_subjects: subjects,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
    })
    const seqs: number[] = []
    for await (const { seq } of await consumer.fetch({ max_messages: count, expires: fetchMs }))
      seqs.push(seq)
    return seqs
  }

  test('one ordered consumer reads several shards from a sequence on', async t => {
    const made = await withJournal(t)
    assert.deepEqual(await read(made, 2, ['j.1.commit', 'j.3.commit'], 3), [3, 4, 6])
  })

  test('a consumer that starts beyond the end waits there, and never sees what comes before', async t => {
    const made = await withJournal(t)
    assert.deepEqual(await read(made, 9, ['j.>'], 10), [])
    const consumer = await made.js.consumers.get('J', {
      filter_subjects: ['j.>'],
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: 9,
    })
    const messages = await consumer.fetch({ max_messages: 1, expires: 5_000 })
    for (let n = 7; n <= 9; n++) await made.js.publish('j.1.commit')
    for await (const { seq } of messages) assert.equal(seq, 9)
  })

  test('one that starts before what was purged begins later, and says nothing', async t => {
    const made = await withJournal(t)
    await made.jsm.streams.purge('J', { seq: 5 })
    assert.deepEqual(await read(made, 2, ['j.>'], 2), [5, 6])
  })

  test('the last message of a subject, or of several, is had without a consumer; of none is null', async t => {
    const { jsm } = await withJournal(t)
    assert.equal((await jsm.direct.getMessage('J', { last_by_subj: 'j.1.commit' }))?.seq, 6)
    assert.equal(await jsm.direct.getMessage('J', { last_by_subj: 'j.9.commit' }), null)
    const several = await jsm.direct.getLastMessagesFor('J', {
      multi_last: ['j.1.commit', 'j.2.commit', 'j.9.commit'],
    })
    const seqs: number[] = []
    for await (const { seq } of several) seqs.push(seq)
    assert.deepEqual(seqs, [5, 6])
  })

  test('a purge takes the fence along: the owner’s expectation fails then, and a newcomer’s holds', async t => {
    const { nc, jsm } = await withJournal(t)
    const append = (expected: number) => commitBatch(nc, [{ subject: 'j.1.commit', expected }])
    await jsm.streams.purge('J', { filter: 'j.1.commit', seq: 7 })
    assert.equal((await append(6)).error?.description, 'wrong last sequence: 0')
    assert.equal((await append(0)).seq, 7)
  })

  test('a purge that keeps the last one keeps the fence; sequences go on, however much was purged', async t => {
    const { nc, jsm } = await withJournal(t)
    const append = (expected: number) => commitBatch(nc, [{ subject: 'j.1.commit', expected }])
    await jsm.streams.purge('J', { filter: 'j.1.commit', keep: 1 })
    assert.equal((await append(6)).seq, 7)
    await jsm.streams.purge('J', { filter: 'j.2.commit', seq: 5 })
    assert.equal(
      (await jsm.direct.getMessage('J', { last_by_subj: 'j.2.commit' }))?.seq,
      5,
      'up to, not with',
    )
    await jsm.streams.purge('J')
    const { state } = await jsm.streams.info('J')
    assert.deepEqual([state.messages, state.first_seq, state.last_seq], [0, 8, 7])
  })

  test('a stream that was made anew under its name is known by when it was created', async t => {
    const { jsm } = await withJournal(t)
    const { created } = await jsm.streams.info('J')
    await jsm.streams.delete('J')
    await jsm.streams.add({ name: 'J', subjects: ['j.>'] })
    assert.notEqual((await jsm.streams.info('J')).created, created)
  })
})
