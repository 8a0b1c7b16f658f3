/** A member that is told to stop while the servers are away. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnavailableError } from '../../../actors/errors.js'
import { limits } from '../../../actors/limits.js'
import { strict } from '../../support/http-world.js'
import { serverFor } from '../../support/nats/nats-world.js'
import { runningMember } from '../../support/running-member.js'
import { until } from '../../support/until.js'

for (const when of ['before it stops', 'while it stops'] as const)
  test(`servers that go ${when} are waited for no longer than a bound; whoever waits is told`, async t => {
    const server = await serverFor(t)
    const member = await runningMember(t, [strict], { servers: server.url, name: 'alone', shards: 8 })
    await until(() => member.owned.length === 8 || undefined)
    const actor = member.actor(strict, 's-1')
    await actor.send({ type: 'ADD', n: 1 })
    const stopping = when === 'while it stops' ? member.stop() : undefined
    await server.kill()
    const asked = actor.ask({ type: 'ADD', n: 1 })
    const began = performance.now()
    const [, told] = await Promise.allSettled([stopping ?? member.stop(), asked])
    const tookMs = Math.round(performance.now() - began)
    t.diagnostic(`${tookMs} ms`)
    assert.ok(told.status === 'rejected' && told.reason instanceof UnavailableError, String(told.status))
    assert.ok(tookMs < limits.stopAwayMsMax + limits.leaseMs, `${tookMs} ms`)
    assert.equal(member.membership.isValid(), false)
  })
