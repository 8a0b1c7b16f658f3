/**
 * What a commit of a cluster rests on, asked of a real server: atomic batches with an expectation a subject. Should a
 * later server answer otherwise, the cluster must be thought through again.
 */
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection, nuid } from '@nats-io/transport-node'
import { type BatchMessage, commitBatch, openBatch } from '../../support/nats/atomic-batch.js'
import { connectionTo, serverFor } from '../../support/nats/nats-world.js'

const BATCH_MESSAGES_MAX = 1_000
const OPEN_BATCHES_MAX = 50

interface World {
  readonly url: string
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
  commit(...messages: readonly BatchMessage[]): ReturnType<typeof commitBatch>
  lastSeq(): Promise<number>
}

/** A server with a stream J of all subjects `j.>`. */
async function world(t: TestContext, config: object = {}): Promise<World> {
  const { url } = await serverFor(t)
  const nc = await connectionTo(t, url)
  const jsm = await jetstreamManager(nc)
  await jsm.streams.add({ name: 'J', subjects: ['j.>'], allow_atomic: true, allow_direct: true, ...config })
  return {
    url,
    nc,
    jsm,
    commit: (...messages) => commitBatch(nc, messages),
    lastSeq: async () => (await jsm.streams.info('J')).state.last_seq,
  }
}

const refused = (code: number, err_code: number, description: string) => ({
  error: { code, err_code, description },
  stream: 'J',
  seq: 0,
})

suite('an atomic batch', () => {
  test('is acknowledged by its last sequence and count; its messages lie without a gap, whoever else writes', async t => {
    const { nc, jsm, commit } = await world(t)
    const js = jetstream(nc)
    const batches = Array.from({ length: 50 }, (_, n) =>
      commit(
        { subject: `j.${n}.commit`, expected: 0 },
        { subject: `j.${n}.send.1` },
        { subject: `j.${n}.send.2` },
      ),
    )
    const singles = Array.from({ length: 50 }, () => js.publish('j.single'))
    const answers = await Promise.all(batches)
    await Promise.all(singles)
    for (const [n, { seq, count }] of answers.entries()) {
      assert.equal(count, 3)
      const subjects = [seq - 2, seq - 1, seq].map(
        async one => (await jsm.streams.getMessage('J', { seq: one }))?.subject,
      )
      assert.deepEqual(await Promise.all(subjects), [`j.${n}.commit`, `j.${n}.send.1`, `j.${n}.send.2`])
    }
  })

  test('with one wrong expectation changes nothing; the refusal tells the true last sequence, but not of whom', async t => {
    const { commit, lastSeq } = await world(t)
    await commit({ subject: 'j.1', expected: 0 }, { subject: 'j.2', expected: 0 })
    const answer = await commit({ subject: 'j.1', expected: 1 }, { subject: 'j.2', expected: 1 })
    assert.deepEqual(answer, refused(400, 10071, 'wrong last sequence: 2'))
    assert.equal(await lastSeq(), 2)
  })

  test('may have many messages of a subject, if only the first expects something', async t => {
    const { commit } = await world(t)
    const wrong = refused(400, 10164, 'wrong last sequence')
    assert.deepEqual(await commit({ subject: 'j.1', expected: 0 }, { subject: 'j.1', expected: 1 }), wrong)
    assert.deepEqual(await commit({ subject: 'j.1', expected: 0 }, { subject: 'j.1', expected: 0 }), wrong)
    assert.deepEqual(await commit({ subject: 'j.1' }, { subject: 'j.1', expected: 0 }), wrong)
    assert.equal((await commit({ subject: 'j.1', expected: 0 }, { subject: 'j.1' })).seq, 2)
  })

  test('loses to who writes between its first message and its commit', async t => {
    const { nc, commit } = await world(t)
    const id = nuid.next()
    assert.equal(await openBatch(nc, id, { subject: 'j.1', expected: 0 }), undefined)
    await commit({ subject: 'j.1', expected: 0 })
    const answer = await commitBatch(nc, [{ subject: 'j.2' }], { id, from: 2 })
    assert.deepEqual(answer, refused(400, 10071, 'wrong last sequence: 1'))
  })

  test('is refused for one message id that was there before, or that it has twice', async t => {
    const { nc, commit, lastSeq } = await world(t)
    const marked = (subject: string, id: string) => ({ subject, headers: { 'Nats-Msg-Id': id } })
    const duplicate = refused(400, 10201, 'atomic publish batch contains duplicate message id')
    assert.equal((await commit(marked('j.1', 'a'))).seq, 1)
    assert.deepEqual(await commit({ subject: 'j.2' }, marked('j.3', 'a')), duplicate)
    assert.deepEqual(await commit(marked('j.2', 'b'), marked('j.3', 'b')), duplicate)
    assert.equal(await lastSeq(), 1)
    assert.equal(
      (await jetstream(nc).publish('j.4', '', { msgID: 'a' })).duplicate,
      true,
      'a single one is told so',
    )
  })

  test(`has at most ${BATCH_MESSAGES_MAX} messages, each numbered without a gap, all of one stream that allows it`, async t => {
    const { nc, jsm, commit, lastSeq } = await world(t)
    const of = (count: number) => Array.from({ length: count }, (_, n) => ({ subject: `j.${n}` }))
    assert.equal((await commit(...of(BATCH_MESSAGES_MAX))).seq, BATCH_MESSAGES_MAX)
    const tooLarge = refused(400, 10199, 'atomic publish batch is too large: 1000')
    assert.deepEqual(await commit(...of(BATCH_MESSAGES_MAX + 1)), tooLarge)
    const incomplete = refused(400, 10176, 'atomic publish batch is incomplete')
    assert.deepEqual(await commitBatch(nc, [{ subject: 'j.1' }], { from: 2 }), incomplete)
    await jsm.streams.add({ name: 'K', subjects: ['k.>'], allow_atomic: true })
    const across = await commit({ subject: 'j.1' }, { subject: 'k.1' })
    assert.deepEqual(across, { ...incomplete, stream: 'K' })
    await jsm.streams.add({ name: 'L', subjects: ['l.>'] })
    const disabled = refused(400, 10174, 'atomic publish is disabled')
    assert.deepEqual(await commit({ subject: 'l.1' }), { ...disabled, stream: 'L' })
    assert.equal(await lastSeq(), BATCH_MESSAGES_MAX)
  })

  test('of which a part does not fit leaves nothing behind', async t => {
    const { jsm, commit, lastSeq } = await world(t, { max_msgs: 3, discard: 'new' })
    const full = refused(503, 10077, 'maximum messages exceeded')
    assert.deepEqual(await commit(...Array.from({ length: 4 }, () => ({ subject: 'j.1' }))), full)
    await jsm.streams.update('J', { max_msgs: -1, max_bytes: 2_000 })
    const data = 'x'.repeat(1_500)
    const over = refused(503, 10077, 'maximum bytes exceeded')
    assert.deepEqual(await commit({ subject: 'j.1', data }, { subject: 'j.2', data }), over)
    await jsm.streams.update('J', { max_msg_size: 1_000 })
    const large = refused(400, 10054, 'message size exceeds maximum allowed')
    assert.deepEqual(await commit({ subject: 'j.1' }, { subject: 'j.2', data }), large)
    assert.equal(await lastSeq(), 0)
  })
})

suite('batches in flight', () => {
  test('follow each other on one connection: the second may expect what the first will have written', async t => {
    const { commit } = await world(t)
    const shards = (expected: (shard: number) => number) =>
      [0, 1].map(n => ({ subject: `j.${n}`, expected: expected(n) }))
    const answers = [
      commit(...shards(() => 0)),
      commit(...shards(shard => 1 + shard)),
      commit(...shards(shard => 3 + shard)),
    ]
    assert.deepEqual(
      (await Promise.all(answers)).map(({ seq }) => seq),
      [2, 4, 6],
    )
    const lost = [commit(...shards(() => 0)), commit(...shards(shard => 7 + shard))]
    const wrong = refused(400, 10071, 'wrong last sequence: 5')
    assert.deepEqual(
      await Promise.all(lost),
      [wrong, wrong],
      'what rests on a refused one is refused as well',
    )
  })

  test(`that stay open are at most ${OPEN_BATCHES_MAX} a stream; a publisher who fills them bars all others`, async t => {
    const { nc, commit } = await world(t)
    for (let n = 0; n < OPEN_BATCHES_MAX; n++)
      assert.equal(await openBatch(nc, `open-${n}`, { subject: 'j.1' }), undefined)
    const full = { code: 429, err_code: 10210, description: 'atomic publish too many inflight' }
    assert.deepEqual(await openBatch(nc, 'one more', { subject: 'j.1' }), full)
    assert.deepEqual((await commit({ subject: 'j.1' })).error, full)
    const behind = await commit({ subject: 'j.1' }, { subject: 'j.2' })
    assert.equal(behind.error?.err_code, 10176, 'only the first message would have been told the reason')
    assert.equal((await commitBatch(nc, [{ subject: 'j.2' }], { id: 'open-7', from: 2 })).seq, 2)
    assert.equal((await commit({ subject: 'j.1' }, { subject: 'j.2' })).seq, 4)
  })

  test('outlive the connection of their publisher: whoever knows the id may end them', async t => {
    const { nc, url } = await world(t)
    const other = await connectionTo(t, url)
    const id = nuid.next()
    await openBatch(other, id, { subject: 'j.1', expected: 0 })
    await other.close()
    assert.equal((await commitBatch(nc, [{ subject: 'j.2' }], { id, from: 2 })).seq, 2)
  })

  test('that nobody ends are abandoned after ten seconds, and told of', { timeout: 30_000 }, async t => {
    const { nc, lastSeq } = await world(t)
    const told = nc.subscribe('$JS.EVENT.ADVISORY.STREAM.BATCH_ABANDONED.J', { max: 1 })
    const id = nuid.next()
    await openBatch(nc, id, { subject: 'j.1' })
    const begun = performance.now()
    for await (const message of told) {
      const { batch, reason } = message.json<{ batch: string; reason: string }>()
      assert.deepEqual({ batch, reason }, { batch: id, reason: 'timeout' })
    }
    const tookMs = performance.now() - begun
    assert.ok(tookMs > 9_000 && tookMs < 15_000, `${tookMs} ms`)
    const late = await commitBatch(nc, [{ subject: 'j.2' }], { id, from: 2 })
    assert.equal(late.error?.err_code, 10176)
    assert.equal(await lastSeq(), 0)
  })
})
