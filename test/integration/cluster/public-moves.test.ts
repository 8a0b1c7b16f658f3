/** Public requests while shards change hands. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { strict } from '../../support/http-world.js'
import { connectionTo } from '../../support/nats/nats-world.js'
import { requested } from '../../support/public-wire.js'
import { runningMember } from '../../support/running-member.js'

let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
// After the members, which leave by it.
after(() => server.stop())

test('no request fails, and none is done twice, while a member leaves and another comes', async t => {
  const cluster = { servers: server.url, name: 'moves', shards: 8 }
  await runningMember(t, [strict], { ...cluster, member: 'm1' })
  const leaving = await runningMember(t, [strict], { ...cluster, member: 'm2' })
  const nc = await connectionTo(t, server.url)
  let isOver = false
  const keys = Array.from({ length: 6 }, (_, n) => `s-${n}`)
  const clients = keys.map(async key => {
    let sum = 0
    while (!isOver) {
      const { body } = await requested(nc, `moves.ask.strict.${key}`, { type: 'ADD', n: 1 })
      assert.equal(body.ok, true, JSON.stringify(body))
      assert.equal(body.duplicate, false)
      const { context, seq } = body.snapshot as { context: { n: number }; seq: number }
      assert.equal(context.n, ++sum, key)
      const seen = await requested(nc, `moves.get.strict.${key}`, undefined, { 'Perdure-After': String(seq) })
      assert.equal((seen.body.snapshot as { seq: number } | undefined)?.seq, seq, JSON.stringify(seen.body))
    }
    return sum
  })
  const all = Promise.all(clients)
  await Promise.race([all, leaving.stop()])
  const coming = await runningMember(t, [strict], { ...cluster, member: 'm3' })
  while (coming.owned.length === 0) await Promise.race([all, new Promise(resolve => setTimeout(resolve, 20))])
  isOver = true
  const sums = await all
  assert.ok(
    sums.every(sum => sum > 2),
    `each was asked all the while: ${sums}`,
  )
})
