/** What rode in the log with commits leaves it once it has arrived, and not before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SentRetention } from '../../../cluster/images/sent-retention.js'
import { connectionFor, memberFor } from '../../support/cluster-log.js'
import { eventually, serverFor } from '../../support/nats/nats-world.js'

const place = (sequence: number) => ({ inbox: 'sends', sequence, hash: 'h' }) as const

test('commands to other shards, up to where these have read; events, as far as their own stream has them', async t => {
  const server = await serverFor(t)
  const { ground } = await memberFor(t, server.url, 'm1')
  const { names } = ground
  const connection = await connectionFor(t, server.url)
  const { jsm, js } = connection
  const retention = new SentRetention(connection, ground)
  const publish = async (subject: string) => (await js.publish(subject, 'x')).seq
  const left = async (filter: string) => {
    const { state } = await jsm.streams.info(names.journalStream, { subjects_filter: filter })
    return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
  }
  const sent: number[] = []
  for (let n = 0; n < 5; n++) sent.push(await publish(names.sent(1, 0, 3)))
  await publish(names.sent(1, 0, 4))
  const commit = await publish(names.commit(1, 0))

  const places = (sequence: number) => new Map([[3, place(sequence)]])
  await retention.forgetSent(places(sent[2]!), 1)
  assert.equal(await left(names.sentTo(3)), 5, 'not in the round in which it was first given')
  await retention.forgetSent(places(sent[4]!), 1)
  assert.equal(await left(names.sentTo(3)), 3, 'and then up to the place before, which stays')
  await retention.forgetSent(new Map(), 1)
  await retention.forgetSent(places(sent[4]!), 1)
  assert.equal(await left(names.sentTo(3)), 3, 'nor of a shard that went away meanwhile')
  assert.equal(await left(names.sentTo(4)), 1)

  for (let n = 0; n < 4; n++) await publish(names.published(1, 0, 'order/1', 'PAID'))
  const taken = async () => (await jsm.streams.info(names.eventsStream)).state.messages
  await eventually(async () => (await taken()) === 4 || undefined)
  await retention.forgetEvents(1)
  assert.equal(await left(names.publishedOfAll), 4)
  await retention.forgetEvents(1)
  assert.equal(await left(names.publishedOfAll), 1)
  assert.equal(await taken(), 4)
  // What is there of commits is not this one's to touch.
  assert.ok((await jsm.streams.getMessage(names.journalStream, { seq: commit })) !== null)
})
