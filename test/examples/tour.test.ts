/** The README's tour, as it is told there. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRuntime, PerdureError } from 'perdure'
import { createTestRuntime } from 'perdure/testing'
import { order } from './tour.js'

test('an order is started, asked and looked at', async t => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-tour-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  await using runtime = await createRuntime({ actors: [order], path })
  const o = runtime.actor(order, 'o-1')

  const { created } = await o.start({ amount: 10 })
  assert.equal(created, true)

  const approved = await o.ask(
    { type: 'APPROVE', by: 'ann' },
    { id: 'click-7', until: s => s.status === 'done' },
  )
  assert.equal(approved.snapshot.value, 'paid')

  // The same click again: the same answer, and no second charge.
  const again = await o.ask({ type: 'APPROVE', by: 'ann' }, { id: 'click-7' })
  assert.equal(again.duplicate, true)
  await assert.rejects(
    o.ask({ type: 'APPROVE', by: 'bob' }, { id: 'click-7' }),
    (error: unknown) => error instanceof PerdureError && error.code === 'IdConflict',
  )

  const seen = []
  for await (const { seq, command, value } of o.history()) seen.push([seq, command.kind, value])
  assert.deepEqual(seen, [
    [1, 'start', 'approval'],
    [2, 'message', 'charging'],
    [3, 'result', 'paid'],
  ])
})

test('a day passes in no time, over a crash', async () => {
  await using runtime = await createTestRuntime({ actors: [order] })
  const o = runtime.actor(order, 'o-1')
  await o.start({ amount: 10 })
  await runtime.advance(86_399_999)
  await runtime.crash()
  assert.equal((await o.getSnapshot())?.value, 'approval')
  await runtime.advance(1)
  assert.equal((await o.getSnapshot())?.value, 'rejected')
  assert.deepEqual(runtime.calls('charge'), [])
})
