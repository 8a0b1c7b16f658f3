/** The stream of commands is emptied of what was taken, and every shard's place stays in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { add, HealingWorld, totalOf } from '../../support/healing-world.js'
import { connectionTo, eventually } from '../../support/nats/nats-world.js'

const SHARDS = 4
const KEYS = Array.from({ length: 12 }, (_, number) => `s-${number}`)
const OFTEN = { commandsPurgeMs: 30, commandsPurgeSpan: 1 }

async function fewAreLeft(jsm: JetStreamManager): Promise<void> {
  await eventually(async () => {
    const { state } = await jsm.streams.info('PERDURE_COMMANDS')
    return state.messages <= SHARDS ? true : undefined
  })
}

for (const members of [['m1'], ['m1', 'm2']])
  test(`commands that were taken are forgotten by ${members.length} member(s), and the next owner goes on`, async t => {
    const world = await HealingWorld.open(t)
    const jsm = await jetstreamManager(await connectionTo(t, world.server.url))
    const cluster = { shards: SHARDS }
    const [first] = await Promise.all(members.map(id => world.start(id, cluster, OFTEN)))
    assert.ok(first)
    for (let round = 1; round <= 3; round++) {
      await Promise.all(KEYS.map(key => add(first, key, 5)))
      await fewAreLeft(jsm)
    }
    assert.ok((await jsm.streams.info('PERDURE_COMMANDS')).state.last_seq >= KEYS.length * 15)
    // One shard works on, the others idle on their places.
    assert.equal(await add(first, 's-0', 30), 45)
    await fewAreLeft(jsm)
    await world.stopAll()
    const next = await world.start('m9', cluster, OFTEN)
    for (const key of KEYS) assert.equal(await totalOf(next, key), key === 's-0' ? 45 : 15)
    for (const key of KEYS) await add(next, key, 1)
    await fewAreLeft(jsm)
    assert.equal(await totalOf(next, 's-1'), 16)
    assert.deepEqual(world.errors, [])
  })
