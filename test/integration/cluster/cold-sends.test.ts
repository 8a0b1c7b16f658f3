/**
 * What shards sent each other and published, while logs let go of it and members begin with images: heard once, however
 * often whoever hears it starts from nothing.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { connectCluster } from '../../../cluster/connection.js'
import { LogFloors } from '../../../cluster/images/log-floor.js'
import { namesOf } from '../../../cluster/names.js'
import type { ClusterMember } from '../../../runtime/cluster/cluster-member.js'
import { tally, tillOf } from '../../support/faults/till.js'
import { HealingWorld } from '../../support/healing-world.js'
import { eventually } from '../../support/nats/nats-world.js'

const SHARDS = 4
const TILLS = 6
const TALLIES = 5
const LIMITS = { imageLookMs: 50, imageEntriesMin: 5, logPurgeSpan: 1, commandsPurgeMs: 100 }
const names = namesOf()
const till = tillOf()

/** Each till tells a tally of each of its commands, most of them in another shard. */
async function tell(member: ClusterMember, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++)
    await member.actor(till, `t-${n % TILLS}`).ask({ type: 'ADD', tally: `y-${n % TALLIES}` })
}

async function heardBy(member: ClusterMember): Promise<number> {
  const snapshots = await Promise.all(
    Array.from({ length: TALLIES }, (_, n) => member.actor(tally, `y-${n}`).getSnapshot()),
  )
  return snapshots.reduce((sum, one) => sum + (one?.context.heard ?? 0), 0)
}

test('commands between shards are heard once by members that begin with images', async t => {
  const world = await HealingWorld.open(t, [till, tally])
  const connection = await connectCluster({ servers: world.server.url }, 'test')
  t.after(() => connection.close())
  const inLog = async (filter: string) => {
    const info = await connection.jsm.streams.info(names.journalStream, { subjects_filter: filter })
    return Object.values(info.state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
  }
  try {
    let told = 0
    for (const id of ['m1', 'm2', 'm3']) {
      const member = await world.start(id, { shards: SHARDS }, LIMITS)
      await tell(member, told, told + 40)
      told += 40
      await eventually(async () => (await heardBy(member)) === told || undefined)
      // Each shard has let go of what it read, but for its place; events but for the last that was taken over.
      await eventually(async () => {
        await tell(member, told, told + 1)
        told++
        const sent = await inLog(`${names.name}.j.*.*.send.>`)
        const published = await inLog(names.publishedOfAll)
        return sent <= told / 2 && published <= told / 2 ? true : undefined
      })
      await eventually(async () => (await heardBy(member)) === told || undefined)
      await world.stop(id)
      await rm(world.path(id), { recursive: true })
    }
    const events = (await connection.jsm.streams.info(names.eventsStream)).state.messages
    assert.equal(events, told)
    const last = await world.start('m4', { shards: SHARDS }, LIMITS)
    assert.equal(await heardBy(last), told)
    const floors = new LogFloors(connection, { names })
    const raised = await Promise.all([0, 1, 2, 3].map(shard => floors.get(shard)))
    assert.ok(
      raised.some(one => one !== undefined),
      'some shards could only begin with an image',
    )
    assert.deepEqual(world.errors, [])
  } finally {
    await world.stopAll()
  }
})
