import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, type TestContext, test } from 'node:test'
import { context, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import type { Commit } from '../../../../actors/commit.js'
import { SetupError } from '../../../../actors/errors.js'
import type { Journal } from '../../../../actors/journal.js'
import { limits } from '../../../../actors/limits.js'
import { MemoryJournal } from '../../../../journal/index.js'
import { quietLogger, sequentialIds } from '../../../../runtime/compose.js'
import { EmbeddedRuntime } from '../../../../runtime/embedded/embedded-runtime.js'
import { Tracing } from '../../../../runtime/observe/tracing/tracing.js'
import { SystemClock } from '../../../../runtime/system-clock.js'
import { verifyJournal } from '../../../../runtime/verify.js'
import { failFirst, ledger, watchedOrder } from '../../../support/engine-watched.js'
import { gate, listeningLogger } from '../../../support/engine-world.js'
import { createRuntime } from '../../../support/runtime-here.js'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const contexts = new AsyncLocalStorageContextManager().enable()
const tracer = provider.getTracer('test')
context.setGlobalContextManager(contexts)
after(() => context.disable())
beforeEach(() => exporter.reset())

async function runtimeWith(
  t: TestContext,
  order: ReturnType<typeof watchedOrder>,
  tracing: Tracer | boolean,
  logger = listeningLogger(),
): Promise<EmbeddedRuntime> {
  const path = await mkdtemp(join(tmpdir(), 'perdure-tracing-'))
  const runtime = (await createRuntime({ actors: [order, ledger], path, tracing, logger })) as EmbeddedRuntime
  t.after(async () => {
    await runtime.stop()
    await rm(path, { recursive: true, force: true })
  })
  return runtime
}

/** Each span's name below that of its parent, as far as the trace holds it: `send x > apply x > run y`. */
function paths(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map(span => [span.spanContext().spanId, span]))
  const pathOf = (span: ReadableSpan): string => {
    const id = span.parentSpanContext?.spanId
    if (id === undefined) return span.name
    const parent = byId.get(id)
    return `${parent === undefined ? '?' : pathOf(parent)} > ${span.name}`
  }
  return spans.map(pathOf)
}

test('an order is one trace: what was sent, stepped, attempted, sent on, waited for, across a crash', async t => {
  const begun = gate()
  const order = watchedOrder(async attempt => {
    // What the user's own instrumentation does: it takes the active span as its parent.
    tracer.startSpan(`bank ${attempt}`).end()
    if (attempt === 2) {
      begun.open()
      await new Promise(() => {})
    }
    return failFirst(attempt)
  })
  const runtime = await runtimeWith(t, order, tracer)
  const handle = runtime.actor(order, 'o-1')
  await tracer.startActiveSpan('checkout', async span => {
    await handle.start(undefined)
    span.end()
  })
  await begun.opened
  runtime.restart()
  await handle.waitFor(snapshot => snapshot.matches('packed'))
  await runtime.shard.host.whenIdle()

  const spans = exporter.getFinishedSpans()
  const start = 'checkout > send order/$start > apply order/$start'
  const paid = `${start} > run order/charge > apply order/$result`
  assert.deepEqual(
    paths(spans).toSorted(),
    [
      'checkout',
      'checkout > send order/$start',
      start,
      `${start} > run order/charge`,
      `${start} > run order/charge > bank 1`,
      // Its failure, then the beginning of the next, which the crash cut short.
      paid,
      `${start} > apply order/$attempt`,
      `${start} > run order/charge`,
      `${start} > run order/charge > bank 2`,
      `${start} > apply order/$recover`,
      `${start} > run order/charge`,
      `${start} > run order/charge > bank 3`,
      paid,
      `${paid} > apply ledger/BOOK`,
      `${paid} > apply order/$timer`,
      `${paid} > apply order/$timer > apply order/$spawn`,
    ].toSorted(),
  )
  assert.equal(new Set(spans.map(span => span.spanContext().traceId)).size, 1)

  assertSaid(runtime, spans)
})

/** What the spans say of attempts and entries is what was attempted and written down. */
function assertSaid(runtime: EmbeddedRuntime, spans: readonly ReadableSpan[]): void {
  const runs = spans.filter(span => span.name === 'run order/charge')
  assert.deepEqual(
    runs.map(({ attributes }) => [attributes['perdure.attempt'], attributes['perdure.outcome']]),
    [
      [1, 'error'],
      [2, 'cancelled'],
      [3, 'done'],
    ],
  )
  assert.equal(runs[0]!.status.code, SpanStatusCode.ERROR)
  assert.equal(runs[0]!.status.message, 'the bank is closed')
  const entries = runtime.shard.journal.entries('order/o-1', 0, 100)
  const applies = spans.filter(
    span => span.name.startsWith('apply') && span.attributes['perdure.actor.id'] === 'order/o-1',
  )
  assert.deepEqual(
    applies.map(({ attributes: a }) => [a['perdure.seq'], a['perdure.position'], a['perdure.outcome']]),
    entries.map(({ seq, position, outcome }) => [seq, position, outcome]),
    'one span an entry, in order',
  )
  assert.deepEqual(
    entries.map(entry => entry.command.trace),
    applies.map(span => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`),
    'an entry carries the context of its own step',
  )
  assert.deepEqual(verifyJournal(runtime.shard.journal, runtime.bindings, limits).differences, [])
}

test('a failure is told where it happened, and a repetition is one', async t => {
  const order = watchedOrder(failFirst)
  const runtime = await runtimeWith(t, order, tracer)
  const handle = runtime.actor(order, 'o-1')
  await handle.start(undefined)
  await assert.rejects(handle.send({ type: 'BOOM' }))
  await handle.send({ type: 'PING' }, { id: 'ping' })
  await handle.send({ type: 'PING' }, { id: 'ping' })
  const spans = exporter.getFinishedSpans()
  const [send, apply] = ['send order/BOOM', 'apply order/BOOM'].map(name =>
    spans.find(span => span.name === name),
  )
  for (const span of [send, apply]) {
    assert.equal(span?.status.code, SpanStatusCode.ERROR)
    assert.match(span?.status.message ?? '', /a step that throws/)
  }
  assert.equal(apply?.attributes['perdure.outcome'], 'failed')
  assert.deepEqual(
    spans.filter(span => span.name === 'apply order/PING').map(span => span.attributes['perdure.outcome']),
    ['unhandled', 'repeated'],
  )
  const roots = spans.filter(span => span.parentSpanContext === undefined)
  assert.deepEqual(new Set(roots.map(span => span.name.split(' ')[0])), new Set(['send']))
})

test('a context that comes with a command is gone on with; one that is none begins anew', async t => {
  const order = watchedOrder(failFirst)
  const runtime = await runtimeWith(t, order, tracer)
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const given = `00-${traceId}-00f067aa0ba902b7-01 vendor=1`
  const target = 'order/o-1'
  const submit = (commandId: string, trace: string) =>
    runtime.service.submit({ kind: 'message', commandId, target, event: { type: 'PING' }, trace })
  await runtime.actor(order, 'o-1').start(undefined)
  exporter.reset()
  await submit('one', given)
  await submit('two', 'nonsense')
  const [sent, other] = exporter.getFinishedSpans().filter(span => span.name === 'send order/PING')
  assert.equal(sent?.parentSpanContext?.spanId, '00f067aa0ba902b7')
  assert.equal(sent?.spanContext().traceId, traceId)
  assert.notEqual(other?.spanContext().traceId, traceId)
  assert.equal(other?.parentSpanContext, undefined)
  const kept = runtime.shard.journal.entries(target, 0, 100).find(one => one.command.commandId === 'one')
  assert.match(kept?.command.trace ?? '', new RegExp(`^00-${traceId}-[\\da-f]{16}-01 vendor=1$`))
})

test('without tracing no context is written down; without an SDK no span is made', async t => {
  for (const tracing of [false, trace.getTracer('no sdk is registered'), true]) {
    const order = watchedOrder(failFirst)
    const runtime = await runtimeWith(t, order, tracing)
    const handle = runtime.actor(order, 'o-1')
    await tracer.startActiveSpan('not ours', async span => {
      await handle.start(undefined)
      span.end()
    })
    if (tracing === false)
      await runtime.service.submit({
        kind: 'message',
        commandId: 'given',
        target: 'order/o-1',
        event: { type: 'PING' },
        trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      })
    await handle.waitFor(snapshot => snapshot.matches('packed'))
    const { journal } = runtime.shard
    const traces = [...journal.commits(0)].flatMap(commit => commit.entries.map(one => one.command.trace))
    if (tracing === false) {
      assert.ok(traces.length >= 6)
      assert.deepEqual(new Set(traces), new Set([undefined]))
      const { invocations, timers } = journal.read('order/o-1')!.record
      assert.ok(![...invocations, ...timers].some(one => 'trace' in one))
    }
  }
  assert.deepEqual(
    exporter.getFinishedSpans().map(span => span.name),
    ['not ours', 'not ours', 'not ours'],
  )
})

test('a step whose commit failed was none: its span ends as lost, and once it is durable it is told', async () => {
  const order = watchedOrder(failFirst)
  const inner = new MemoryJournal()
  let failures = 0
  const runtime = new EmbeddedRuntime({
    actors: [order, ledger],
    clock: new SystemClock(),
    limits: { ...limits, journalFullRetryMs: 1 },
    logger: { ...quietLogger(), warn() {}, error() {} },
    mintId: sequentialIds('c'),
    openJournal: () =>
      fullAt(inner, commit => {
        const isResult = commit.entries.some(entry => entry.command.kind === 'result')
        return isResult && failures++ < 2
      }),
    tracing: new Tracing(tracer),
  })
  const handle = runtime.actor(order, 'o-1')
  await handle.start(undefined)
  await handle.waitFor(snapshot => snapshot.matches('packed'))
  await runtime.stop()
  assert.ok(failures > 2)
  const spans = exporter.getFinishedSpans().filter(span => span.name === 'apply order/$result')
  const [lost, results] = [true, false].map(isLost =>
    spans.filter(span => (span.attributes['perdure.outcome'] === 'lost') === isLost),
  )
  assert.equal(results?.length, 2, 'one failed attempt and one that did not')
  assert.equal(lost?.length, 2)
  for (const { status } of lost ?? [])
    assert.deepEqual(status, { code: SpanStatusCode.ERROR, message: 'the commit failed: no room' })
  assert.ok(!paths(exporter.getFinishedSpans()).some(path => path.includes('?')))
})

test('a tracer that throws, wherever it does, harms nobody, and is said once', async t => {
  const fault = () => {
    throw new Error('of the tracer')
  }
  const span = tracer.startSpan('a whole one')
  const failing = (...names: string[]) =>
    new Proxy(span, {
      get: (target, name) => (names.includes(String(name)) ? fault : Reflect.get(target, name, target)),
    })
  const tracers: Record<string, Tracer> = {
    'no span': { startSpan: fault, startActiveSpan: fault },
    'no context': { startSpan: () => failing('spanContext'), startActiveSpan: fault },
    'no facts, no end': {
      startSpan: () => failing('setAttribute', 'setAttributes', 'setStatus', 'end'),
      startActiveSpan: fault,
    },
  }
  for (const [name, broken] of Object.entries(tracers))
    await t.test(name, async t => {
      const logger = listeningLogger()
      const order = watchedOrder(failFirst)
      const runtime = await runtimeWith(t, order, broken, logger)
      const handle = runtime.actor(order, 'o-1')
      await runtime.service.submit({
        kind: 'start',
        commandId: 's',
        target: 'order/o-1',
        input: undefined,
        trace: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      })
      await assert.rejects(handle.send({ type: 'BOOM' }), { code: 'StepFailed' })
      await handle.waitFor(snapshot => snapshot.matches('packed'))
      assert.equal(logger.said.filter(said => said.startsWith('the tracer failed')).length, 1)
    })
})

/** A journal that has no room for some commits. */
function fullAt(inner: Journal, isFull: (commit: Commit) => boolean): Journal {
  return new Proxy(inner, {
    get(target, name) {
      if (name !== 'append') {
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return async (commit: Commit) => {
        if (isFull(commit)) throw new SetupError('JournalFull', 'no room')
        await target.append(commit)
      }
    },
  })
}
