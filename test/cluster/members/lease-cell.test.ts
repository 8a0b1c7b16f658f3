/** A lease holds by both clocks, from before the write that renewed it, and not over a loss. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type Instant, instant, LeaseCell } from '../../../cluster/members/lease-cell.js'

const TERM_MS = 3_000
const at = (steadyMs: number, wallMs = steadyMs): Instant => ({
  steadyNs: BigInt(steadyMs) * 1_000_000n,
  wallMs: 1_700_000_000_000 + wallMs,
})

test('it was never renewed: it does not hold', () => {
  assert.equal(new LeaseCell().isFresh(TERM_MS, 0), false)
})

test('it holds for less than the term, by either clock', () => {
  const cell = new LeaseCell()
  cell.renewed(at(1_000))
  assert.equal(cell.isFresh(TERM_MS, 0, at(3_999)), true)
  assert.equal(cell.isFresh(TERM_MS, 0, at(4_000)), false)
  // The machine slept: its steady clock stood still.
  assert.equal(cell.isFresh(TERM_MS, 0, at(1_010, 60_000)), false)
  // The wall clock was set back: the steady one goes on.
  assert.equal(cell.isFresh(TERM_MS, 0, at(3_999, -60_000)), true)
  assert.equal(cell.isFresh(TERM_MS, 0, at(4_000, -60_000)), false)
})

test('after a loss it holds only for one who knows of it', () => {
  const cell = new LeaseCell()
  cell.renewed(at(1_000))
  cell.lost()
  assert.equal(cell.isFresh(TERM_MS, 0, at(1_001)), false)
  assert.equal(cell.isFresh(TERM_MS, 1, at(1_001)), false)
  cell.renewed(at(1_100))
  assert.equal(cell.isFresh(TERM_MS, 0, at(1_200)), false)
  assert.equal(cell.isFresh(TERM_MS, cell.losses, at(1_200)), true)
})

test('both threads see the same cell, and read the same steady clock', async () => {
  const cell = new LeaseCell()
  const source = new URL('../../../cluster/members/lease-cell.js', import.meta.url).href
  const worker = new Worker(
    `import('${source}').then(({ LeaseCell, instant }) =>
      new LeaseCell(require('node:worker_threads').workerData).renewed(instant()))`,
    { eval: true, workerData: cell.buffer },
  )
  const before = instant()
  await new Promise(resolve => worker.once('exit', resolve))
  assert.equal(cell.isFresh(TERM_MS, 0, before), true)
  const later = { ...before, steadyNs: before.steadyNs + BigInt(TERM_MS) * 1_000_000n }
  assert.equal(cell.isFresh(TERM_MS, 0, later), true, 'it was renewed after the moment taken before')
  assert.equal(cell.isFresh(TERM_MS, 0, { ...instant(), steadyNs: later.steadyNs + 60_000_000_000n }), false)
})
