/** A member that cannot reach NATS for a while: shorter and longer than its lease, and than its connection's patience. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { limits } from '../../../actors/limits.js'
import { between } from '../../support/faults/link.js'
import { TillWorld } from '../../support/faults/till-world.js'
import { serverFor } from '../../support/nats/nats-world.js'

test('a member parted from NATS and joined again: nothing acknowledged is lost, and it serves again', async t => {
  const { url } = await serverFor(t)
  const link = await between(url)
  const world = await TillWorld.open(t, { servers: [[link.url], [url], [url]], clientServers: [url] })
  t.after(() => link.close())
  const [parted, ...others] = world.members

  const before = parted!.owned
  await link.partition()
  await delay(limits.leaseMs / 3)
  await link.heal()
  const servedShortMs = await world.load.served()
  assert.deepEqual(parted!.owned, before)
  assert.deepEqual(parted!.losses, [])
  t.diagnostic(
    `parted for ${limits.leaseMs / 3} ms: it keeps its shards, all served ${servedShortMs} ms after`,
  )

  for (const partedMs of [2.4 * limits.clusterPingMs]) {
    const at = performance.now()
    await link.partition()
    const [takenOverMs, servedMs] = await Promise.all([world.takenOver(others), world.load.served()])
    assert.ok(takenOverMs <= 3 * limits.leaseMs, `taken over after ${takenOverMs} ms`)
    await delay(Math.max(0, partedMs - (performance.now() - at)))
    await link.heal()
    const settledMs = await world.settled()
    const servedAgainMs = await world.load.served()
    t.diagnostic(
      `parted for ${partedMs} ms: taken over after ${takenOverMs} ms, every till served after ${servedMs} ms; ` +
        `healed: it has a share after ${settledMs} ms, every till served within ${servedAgainMs} ms`,
    )
  }
  await world.checked()
})
