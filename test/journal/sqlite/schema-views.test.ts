/** What a person with the `sqlite3` shell can rely on. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'node:test'
import Database from 'better-sqlite3'
import { CommitMaker, T0 } from '../../support/journal-commits.js'
import { openForTest, temporaryDirectory } from '../../support/journal-files.js'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory.remove())

it('the views show histories as JSON and present states, while the journal is open', async () => {
  const journal = openForTest(directory.path)
  const maker = new CommitMaker()
  const target = 'order/o-1'
  await journal.append(
    maker.make([
      {
        address: target,
        at: T0,
        entry: {
          command: { kind: 'start', commandId: 's', target, input: { total: 12.5 } },
          value: 'paying',
        },
      },
      {
        address: target,
        at: T0 + 1,
        event: { type: 'PAY', on: new Date(T0), note: undefined, $odd: 1 },
        entry: { outcome: 'failed', error: { name: 'E', message: 'declined' } },
        index: { value: { paying: 'again' }, tags: ['open'], timerDueAt: T0 + 60_000 },
      },
    ]),
  )
  journal.settle()
  const shell = new Database(join(directory.path, 'journal.db'), { readonly: true })
  const history = shell.prepare(`SELECT * FROM history WHERE address = ? ORDER BY seq`).all(target)
  assert.deepEqual(history, [
    {
      address: target,
      seq: 1,
      position: 1,
      at: '2026-01-01T00:00:00.000Z',
      kind: 'start',
      outcome: 'applied',
      event: '{"type":"$start","input":{"total":12.5}}',
      value: '"paying"',
      error: null,
    },
    {
      address: target,
      seq: 2,
      position: 2,
      at: '2026-01-01T00:00:00.001Z',
      kind: 'message',
      outcome: 'failed',
      event: '{"type":"PAY","on":{"$date":"2026-01-01T00:00:00.000Z"},"note":{"$undefined":true},"$$odd":1}',
      value: null,
      error: '{"name":"E","message":"declined"}',
    },
  ])
  assert.equal(
    shell.prepare(`SELECT event ->> '$.type' FROM history WHERE address = ? AND seq = 2`).pluck().get(target),
    'PAY',
  )
  assert.deepEqual(
    shell.prepare('SELECT address, status, seq, value, tags, timer_due_at FROM actors').all(),
    [
      {
        address: target,
        status: 'active',
        seq: 2,
        value: '{"paying":"again"}',
        tags: '["open"]',
        timer_due_at: '2026-01-01T00:01:00.000Z',
      },
    ],
  )
  shell.close()
  journal.close()
})

it('a busy journal shows its history without a pause, a bounded number of commits behind', async () => {
  const journal = openForTest(directory.path, { limits: { unsettledSegmentsMax: 10 } })
  const maker = new CommitMaker()
  const shell = new Database(join(directory.path, 'journal.db'), { readonly: true })
  const shown = shell.prepare(`SELECT count(*) FROM history WHERE address = 'order/1'`).pluck()
  for (let at = 1; at <= 100; at++) {
    await journal.append(maker.make([{ address: 'order/1' }]))
    assert.ok((shown.get() as number) >= at - 20, `${shown.get()} of ${at}`)
  }
  shell.close()
  journal.close()
})
