import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { register } from 'prom-client'
import type { EmbeddedRuntime } from '../../../../runtime/embedded/embedded-runtime.js'
import { PerdureError } from '../../../../runtime/index.js'
import { failFirst, ledger, watchedOrder } from '../../../support/engine-watched.js'
import { Scrape } from '../../../support/prometheus-text.js'
import { createRuntime } from '../../../support/runtime-here.js'

const order = watchedOrder(failFirst)
const keys = ['k-one', 'k-two', 'k-three']

async function runtimeIn(t: TestContext, metrics: boolean): Promise<EmbeddedRuntime> {
  const path = await mkdtemp(join(tmpdir(), 'perdure-metrics-'))
  const runtime = await createRuntime({ actors: [order, ledger], path, metrics })
  t.after(async () => {
    await runtime.stop()
    await rm(path, { recursive: true, force: true })
  })
  return runtime as EmbeddedRuntime
}

/** Three orders from beginning to end; on the way one of them is asked for what it cannot do. */
async function trade(runtime: EmbeddedRuntime): Promise<void> {
  const handles = keys.map(key => runtime.actor(order, key))
  for (const handle of handles) await handle.start(undefined)
  for (const handle of handles) await handle.waitFor(snapshot => snapshot.matches('packed'))
  const [one] = handles
  await assert.rejects(one!.send({ type: 'BOOM' }, { id: 'boom' }))
  await one!.send({ type: 'PING' }, { id: 'ping' })
  await one!.send({ type: 'PING' }, { id: 'ping' })
  await one!.send({ type: 'GHOST' })
  for (const handle of handles) await handle.send({ type: 'SHIP' })
  for (const handle of handles) await handle.output()
  await runtime.shard.host.whenIdle()
}

test('a scrape says what happened, what is, and how long it took', async t => {
  const runtime = await runtimeIn(t, true)
  await trade(runtime)
  const scrape = new Scrape(await runtime.metrics())
  const { journal } = runtime.shard

  const commands = scrape.byLabels('perdure_commands_total', 'type', 'kind', 'outcome')
  assert.deepEqual(commands, {
    'order start applied': 3,
    // An attempt that failed, one that did not, and the child's end.
    'order result applied': 9,
    // The second attempt's beginning, and the child's birth.
    'order operator applied': 6,
    'order timer applied': 3,
    // SHIP to the order and to its child; GHOST.
    'order message applied': 7,
    'order message unhandled': 1,
    'order message repeated': 1,
    'order message failed': 1,
    // Born by the first message.
    'ledger start applied': 1,
    'ledger message applied': 3,
    '(unknown) message refused': 1,
  })
  const entries = Object.entries(commands).filter(([labels]) => !/repeated|refused/.test(labels))
  assert.equal(
    entries.reduce((sum, [, count]) => sum + count, 0),
    journal.position,
    'each entry is counted once',
  )
  assert.equal(scrape.value('perdure_journal_position'), journal.position)

  const commits = [...journal.commits(0)].length
  assert.equal(scrape.histogram('perdure_commit_seconds').count, commits)
  assert.ok(scrape.histogram('perdure_commit_seconds').sum > 0)
  assert.equal(scrape.histogram('perdure_step_seconds').count, commits)
  assert.equal(scrape.histogram('perdure_batch_bytes').count, commits)
  const { sum } = scrape.histogram('perdure_batch_commands')
  assert.ok(sum >= journal.position && sum <= journal.position + 2, `${sum}`)

  assert.deepEqual(scrape.byLabels('perdure_activity_attempts_total', 'type', 'src', 'outcome'), {
    'order charge error': 3,
    'order charge done': 3,
  })
  const attempts = scrape.family('perdure_activity_attempt_number').metrics[0]!.buckets!
  assert.deepEqual([attempts['1'], attempts['2'], attempts['+Inf']], ['3', '6', '6'])

  const late = scrape.histogram('perdure_timer_late_seconds')
  assert.equal(late.count, 3)
  assert.ok(late.sum >= 0 && late.sum < 60, `${late.sum}`)

  assert.deepEqual(scrape.byLabels('perdure_dead_letters_total', 'type'), { order: 1, '(unknown)': 1 })
  assert.equal(scrape.value('perdure_dead_letters'), 2)
  assert.equal(scrape.value('perdure_cache_actors'), runtime.shard.host.cache.size)
  assert.ok(scrape.value('perdure_cache_hits_total') > scrape.value('perdure_cache_misses_total'))
  for (const name of ['inbox', 'inside', 'pending', 'held'])
    assert.equal(scrape.value(`perdure_${name}_commands`), 0, name)
  assert.ok(scrape.value('perdure_journal_bytes') > 0)
  assert.ok(scrape.value('process_resident_memory_bytes') > 0)
  assert.ok(scrape.value('nodejs_eventloop_lag_seconds') >= 0)

  const values = [...scrape.labelValues()]
  assert.deepEqual(
    values.filter(value => keys.some(key => value.includes(key)) || value.includes('somebody')),
    [],
    'no key is ever a label',
  )
  assert.deepEqual(await register.getMetricsAsJSON(), [], 'the registry of the process is the user\u2019s')
})

test('what is on its way is seen while it is', async t => {
  let finish = () => {}
  const stuck = watchedOrder(
    () =>
      new Promise<void>(resolve => {
        finish = resolve
      }),
  )
  const path = await mkdtemp(join(tmpdir(), 'perdure-metrics-'))
  const runtime = await createRuntime({
    actors: [stuck, ledger],
    path,
    metrics: true,
    limits: { activitiesRunningMax: 1, settleAfterMs: 60_000 },
  })
  t.after(async () => {
    await runtime.stop()
    await rm(path, { recursive: true, force: true })
  })
  await runtime.actor(stuck, 'a').start(undefined)
  await runtime.actor(stuck, 'b').start(undefined)
  const { host, journal } = (runtime as EmbeddedRuntime).shard
  await host.whenIdle()
  const scrape = new Scrape(await runtime.metrics())
  assert.equal(scrape.value('perdure_activities_running'), 1)
  assert.equal(scrape.value('perdure_activities_waiting'), 1)
  assert.equal(scrape.value('perdure_unsettled_segments'), 2)
  assert.ok(scrape.value('perdure_unsettled_bytes') > 0)
  const age = async () => new Scrape(await runtime.metrics()).value('perdure_unsettled_seconds')
  while ((await age()) === 0) await sleep(1)
  assert.ok((await age()) < 60)
  finish()
  await runtime.actor(stuck, 'a').waitFor(snapshot => snapshot.matches('packed'))
  await host.whenIdle()
  finish()
  journal.settle()
  while ((await age()) !== 0) await sleep(1)
})

test('a runtime that does not count says so', async t => {
  const runtime = await runtimeIn(t, false)
  await assert.rejects(runtime.metrics(), (error: unknown) => {
    assert.ok(error instanceof PerdureError)
    assert.equal(error.code, 'Unavailable')
    assert.match(error.message, /createRuntime\(\{ metrics: true \}\)/)
    assert.equal(error.retryable, false)
    return true
  })
})

/** Where the metrics of a runtime are served by its handler. */
async function urlOf(t: TestContext, metrics: boolean): Promise<string> {
  const runtime = await runtimeIn(t, metrics)
  const server = createServer(runtime.handler).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  await runtime.actor(ledger, 'all').start(undefined)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
}

test('the handler serves a scrape', async t => {
  const url = await urlOf(t, true)
  const response = await fetch(url, { headers: { accept: 'text/plain;version=0.0.4' } })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const scrape = new Scrape(await response.text())
  assert.deepEqual(scrape.byLabels('perdure_commands_total', 'type', 'kind', 'outcome'), {
    'ledger start applied': 1,
  })
  const head = await fetch(url, { method: 'HEAD' })
  assert.deepEqual([head.status, await head.text()], [200, ''])
  assert.equal((await fetch(url, { method: 'POST' })).status, 405)
})

test('a handler of a runtime that does not count says so', async t => {
  const response = await fetch(await urlOf(t, false))
  assert.equal(response.status, 503)
  const { error } = (await response.json()) as { error: { code: string; message: string } }
  assert.equal(error.code, 'Unavailable')
  assert.match(error.message, /metrics: true/)
})
