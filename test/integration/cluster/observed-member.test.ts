/** What can be seen of a member from outside: its metrics, its traces over a failover, its actors, whether it is well. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { headers } from '@nats-io/transport-node'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { shardOf } from '../../../cluster/shard-of.js'
import type { ClusterMember } from '../../../runtime/cluster/cluster-member.js'
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { createRuntime, type RuntimeOptions } from '../../../runtime/index.js'
import type { Message } from '../../../runtime/inspect/protocol.js'
import { Listener } from '../../runtime/inspect/orders.js'
import { ChildProgram } from '../../support/child-program.js'
import { ledger, watchedOrder } from '../../support/engine-watched.js'
import { connectionTo } from '../../support/nats/nats-world.js'
import { Scrape } from '../../support/prometheus-text.js'
import { until } from '../../support/until.js'

const PROGRAM = new URL('../../support/hanging-member.js', import.meta.url)
const SHARDS = 4
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
after(() => context.disable())

const order = watchedOrder(async () => 'paid')

// Members leave before it does: what a test ends, it ends in the order in which it began.
let server: NatsServer
before(async () => {
  server = await startNatsServer()
})
after(() => server.stop())

const clusterOf = (name: string, member: string) => ({ servers: server.url, shards: SHARDS, name, member })

function directoryFor(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'perdure-observed-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function hangingMember(t: TestContext, name: string) {
  const options = { path: directoryFor(t), cluster: clusterOf(name, 'hanging') }
  const child = new ChildProgram(PROGRAM, [JSON.stringify(options)])
  t.after(() => child.end())
  const lines: string[] = []
  child.output.on('line', line => lines.push(line))
  await until(() => (lines.includes('ready') ? true : undefined))
  return { end: () => child.end(), lines }
}

async function observedMember(
  t: TestContext,
  name: string,
  options: Partial<RuntimeOptions> = {},
): Promise<ClusterMember> {
  const runtime = await createRuntime({
    actors: [order, ledger],
    path: directoryFor(t),
    control: false,
    metrics: true,
    tracing: provider.getTracer('test'),
    cluster: clusterOf(name, 'watched'),
    ...options,
  })
  t.after(() => runtime.stop())
  return runtime as ClusterMember
}

async function scraped(member: ClusterMember): Promise<Scrape> {
  return new Scrape(await member.metrics())
}

/** Both own something, and each stands by for what the other owns. */
function settled(member: ClusterMember): true | undefined {
  const roles = member.shards.map(shard => shard.isOwned)
  return roles.length === SHARDS && member.owned.length === member.membership.wanted().own.size
    ? true
    : undefined
}

test('a trace begun outside goes on over a failover; metrics count what came of it', {
  timeout: 60_000,
}, async t => {
  const hanging = await hangingMember(t, 'failover')
  const member = await observedMember(t, 'failover')
  await until(() => settled(member))
  const before = await scraped(member)
  const own = member.owned.length
  assert.ok(own > 0 && own < SHARDS, `${own} of ${SHARDS}`)
  assert.deepEqual(before.byLabels('perdure_cluster_shards', 'role'), {
    owner: own,
    standby: SHARDS - own,
    broken: 0,
  })
  assert.equal(
    Object.keys(before.byLabels('perdure_cluster_standby_lag_messages', 'shard')).length,
    SHARDS - own,
  )
  assert.equal(before.value('perdure_cluster_members'), 2)

  const key = Array.from({ length: 100 }, (_, n) => `o-${n}`).find(
    one => member.membership.owner(shardOf(`order/${one}`, SHARDS))?.member === 'hanging',
  )
  const nats = await connectionTo(t, server.url)
  const head = headers()
  head.set('Nats-Msg-Id', `order/${key}/birth`)
  head.set('traceparent', `00-${TRACE}-00f067aa0ba902b7-01`)
  nats.publish(`failover.cmd.order.${key}`, '{"type":"$start"}', { headers: head })
  await until(() => (hanging.lines.includes('charging 1') ? true : undefined))
  await hanging.end()

  await member.actor(order, key!).waitFor(snapshot => snapshot.matches('packed'), { timeoutMs: 30_000 })
  await until(() => (member.owned.length === SHARDS ? true : undefined))
  const traced = exporter.getFinishedSpans().filter(span => span.spanContext().traceId === TRACE)
  const names = traced.map(span => span.name)
  for (const name of ['apply order/$recover', 'run order/charge', 'apply order/$result', 'apply ledger/BOOK'])
    assert.ok(names.includes(name), `${name} in ${names.join(', ')}`)
  const run = traced.find(span => span.name === 'run order/charge')
  assert.equal(run?.attributes['perdure.attempt'], 2)

  const now = await scraped(member)
  assert.deepEqual(now.byLabels('perdure_cluster_shards', 'role'), { owner: SHARDS, standby: 0, broken: 0 })
  const taken = now.byLabels('perdure_cluster_shards_taken_total', 'from')
  assert.equal(taken.dead, SHARDS - own)
  assert.equal(taken.order, own)
  assert.equal(now.value('perdure_cluster_connected'), 1)
  assert.equal(now.value('perdure_cluster_lease_valid'), 1)
  assert.ok(now.value('perdure_cluster_lease_age_seconds') < 3)
  assert.equal(now.value('perdure_cluster_inbox_messages'), 0)
  const flights = now.byLabels('perdure_cluster_flights_total', 'outcome')
  assert.ok(flights.stored! > 0)
  assert.equal(
    now.histogram('perdure_cluster_flight_seconds').count,
    Object.values(flights).reduce((sum, count) => sum + count, 0),
  )
  assert.ok(now.histogram('perdure_cluster_flight_bytes').sum > 0)
  const epochs = now.byLabels('perdure_cluster_shard_epoch', 'shard')
  assert.equal(Object.keys(epochs).length, SHARDS)
  assert.equal(now.byLabels('perdure_commands_total', 'type', 'kind', 'outcome')['order result applied'], 1)
  assert.ok(now.value('perdure_journal_position') > 0, 'the positions of all shards together')
})

const isFarewell = (address: string) => (message: Message) =>
  message.type === '@xstate.snapshot' && message.sessionId === address && message.event.type === '$elsewhere'

test('its handles trace what they send, its inspector shows actors of its shards', {
  timeout: 60_000,
}, async t => {
  const inspect = { actors: [{ type: 'order' }], port: 0 }
  const member = await observedMember(t, 'shown', { inspect })
  await until(() => settled(member))
  using viewer = await Listener.open(member.inspectUrl!.replace(/^http/, 'ws'))
  exporter.reset()
  // Of several shards.
  const keys = Array.from({ length: 8 }, (_, n) => `i-${n}`)
  for (const key of keys) await member.actor(order, key).start(undefined)
  for (const key of keys)
    await viewer.until(
      ({ type, sessionId }) => type === '@xstate.actor' && sessionId.includes(`order/${key}`),
      `order/${key}`,
    )
  assert.ok(new Set(keys.map(key => shardOf(`order/${key}`, SHARDS))).size > 1)
  const spans = exporter.getFinishedSpans()
  const sent = spans.filter(span => span.name === 'send order/$start')
  assert.equal(sent.length, keys.length)
  const applied = spans.filter(span => span.name === 'apply order/$start')
  assert.deepEqual(
    new Set(applied.map(span => span.parentSpanContext?.spanId)),
    new Set(sent.map(span => span.spanContext().spanId)),
  )
  // Whoever comes later is shown who is there.
  using late = await Listener.open(member.inspectUrl!.replace(/^http/, 'ws'))
  for (const key of keys)
    await late.until(({ sessionId }) => sessionId.includes(`order/${key}`), `order/${key}, late`)
  // Of those that go to another member it is said that they did, and of nobody else.
  await observedMember(t, 'shown', { cluster: clusterOf('shown', 'other') })
  await until(() => member.owned.length < SHARDS || undefined)
  await until(() => settled(member))
  const moved = keys.filter(key => !member.owned.includes(shardOf(`order/${key}`, SHARDS)))
  assert.ok(moved.length > 0 && moved.length < keys.length, `${moved}`)
  for (const key of moved) {
    const last = await viewer.until(isFarewell(`order/${key}`), `that order/${key} is elsewhere`)
    assert.ok(last.type === '@xstate.snapshot')
    assert.deepEqual(last.snapshot.value, (await member.actor(order, key).getSnapshot())?.value)
  }
  for (const key of keys)
    assert.equal(viewer.heard.some(isFarewell(`order/${key}`)), moved.includes(key), key)
})

test('it is ready once it has its shards, and not while NATS is away', { timeout: 60_000 }, async t => {
  const member = await observedMember(t, 'ready')
  const http = createServer(member.handler).listen(0, '127.0.0.1')
  t.after(() => http.close())
  await once(http, 'listening')
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const asked = async (path: string) => {
    const answer = await fetch(`${url}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
  await until(async () => ((await asked('/readyz')).status === 200 ? true : undefined))
  assert.equal(member.owned.length, SHARDS)
  assert.match((await asked('/metrics')).text, /perdure_cluster_shards\{role="owner"\} 4/)
  await server.kill()
  const away = await until(async () => {
    const answer = await asked('/readyz')
    return answer.status === 503 ? answer : undefined
  })
  assert.match(away.text, /no connection to NATS|has not renewed its lease/)
  assert.equal((await asked('/healthz')).status, 200)
  assert.match((await asked('/metrics')).text, /perdure_cluster_connected 0/)
  await server.restart()
  await until(async () => ((await asked('/readyz')).status === 200 ? true : undefined))
  assert.ok((await scraped(member)).value('perdure_cluster_reconnects_total') >= 1)
})
