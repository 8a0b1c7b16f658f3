/** One order, two kills, three processes, one trace: as a collector of OpenTelemetry has it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ChildProgram } from '../support/child-program.js'
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js'

const PROGRAM = new URL('../support/traced-program.js', import.meta.url)

/** Runs the program until it says something. Answers what, and how to kill it. */
async function live(t: TestContext, path: string, url: string, life: number) {
  const child = new ChildProgram(PROGRAM, [path, url, `${life}`])
  t.after(() => child.end())
  return {
    said: await child.ready(),
    kill: async () => {
      await child.end()
      return child.ended()
    },
  }
}

test('an order that outlives two killed processes is one trace', { timeout: 60_000 }, async t => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-trace-'))
  const receiver = await OtlpReceiver.listen()
  t.after(() => {
    receiver.close()
    rmSync(path, { recursive: true, force: true })
  })

  for (const life of [1, 2]) {
    const { said, kill } = await live(t, path, receiver.url, life)
    assert.equal(said, 'hanging')
    assert.equal(await kill(), 'SIGKILL')
  }
  const last = await live(t, path, receiver.url, 3)
  assert.equal(last.said, 'packed')

  const { spans } = receiver
  const [checkout] = spans.filter(span => span.name === 'checkout')
  assert.deepEqual(new Set(spans.map(span => span.traceId)), new Set([checkout?.traceId]), 'one trace')
  assert.equal(new Set(spans.map(span => span.spanId)).size, spans.length, 'no span is told twice')

  const byId = new Map(spans.map(span => [span.spanId, span]))
  const pathOf = (span: ReceivedSpan): string => {
    const { parentSpanId = '' } = span
    if (parentSpanId === '') return span.name
    const parent = byId.get(parentSpanId)
    assert.ok(parent !== undefined, `the parent of '${span.name}' was never told of`)
    return `${pathOf(parent)} > ${span.name}`
  }
  const start = 'checkout > send order/$start > apply order/$start'
  const paid = `${start} > run order/charge > apply order/$result`
  assert.deepEqual(
    spans.map(span => `${span.attributes['test.life']} ${pathOf(span)}`).toSorted(),
    [
      '1 checkout',
      '1 checkout > send order/$start',
      `1 ${start}`,
      `1 ${start} > run order/charge`,
      `1 ${paid}`,
      `1 ${start} > apply order/$attempt`,
      `2 ${start} > apply order/$recover`,
      `2 ${start} > run order/charge`,
      `2 ${paid}`,
      `2 ${start} > apply order/$attempt`,
      `3 ${start} > apply order/$recover`,
      `3 ${start} > run order/charge`,
      `3 ${paid}`,
      `3 ${paid} > apply ledger/BOOK`,
      `3 ${paid} > apply order/$timer`,
      `3 ${paid} > apply order/$timer > apply order/$spawn`,
    ].toSorted(),
  )
  assert.deepEqual(
    spans
      .filter(span => span.name === 'run order/charge')
      .map(({ attributes: a }) => [a['test.life'], a['perdure.attempt'], a['perdure.outcome']]),
    [
      [1, 1, 'error'],
      [2, 3, 'error'],
      [3, 5, 'done'],
    ],
    'the attempts that were killed never ended',
  )
})
