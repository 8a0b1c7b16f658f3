/**
 * Every transition and every simple path of the order pipeline, as its own graph has them, run in a real
 * embedded runtime. The crashes on the way are in test/scenarios/pipeline.test.ts.
 */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { orderMachine } from '../../../machines/lifecycles/order.js'
import { createTestRuntime } from '../../../runtime/testing/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { isFull } from '../../support/effort.js'
import { nameOf, type Path, pathsOf } from './pipeline-paths.js'
import { drive, runPath } from './pipeline-run.js'
import { transitionsOf } from './pipeline-transitions.js'
import { PipelineWorld } from './pipeline-world.js'

/** Transitions that no order can take. None: the machine has nothing it does not need. */
const impossible: readonly string[] = []

describe('the order pipeline', () => {
  const world = new PipelineWorld()
  let single: readonly Path[]
  let split: readonly Path[]

  before(() => {
    single = pathsOf('single', 2)
    split = pathsOf('split', 1)
  })

  it('has no transition that its paths do not take', t => {
    const all = transitionsOf(orderMachine)
    const taken = new Set([...single, ...split].flatMap(path => [...path.taken]))
    t.diagnostic(
      `${taken.size} of ${all.length} transitions, ${single.length} paths of an order with one instrument and ` +
        `seller and up to 2 mishaps, ${split.length} of one with two of each and up to 1`,
    )
    assert.deepEqual(
      all.filter(transition => !taken.has(transition)),
      impossible,
    )
    assert.equal(taken.size, all.length - impossible.length)
  })

  it('goes along each of them in a runtime as in its graph', async t => {
    let commits = 0
    const paths = isFull ? [...single, ...split] : covering([...single, ...split])
    for (const path of paths) {
      const ended = await runPath(path, world)
      commits += ended.commits
      assertSound(path, ended)
    }
    t.diagnostic(`${paths.length} orders, ${commits} commits`)
  })

  it('goes along those with one mishap on a journal on disk, crashing before every other move', async () => {
    await using runtime = await createTestRuntime({ actors: [world.definition], now: '2018-05-17T12:00:00Z' })
    const { engine, clock } = runtime as VirtualTimeRuntime
    const mishaps = single.filter(path => path.moves.filter(move => move.isMishap).length <= 1)
    const paths = isFull ? mishaps : covering(mishaps)
    for (const [nth, path] of paths.entries())
      await drive(path, `o-${nth}`, world, {
        engine,
        clock,
        crashBefore: async move => {
          if (move % 2 === nth % 2) return
          world.forget()
          await runtime.crash()
        },
      })
    assert.ok(mishaps.length > 20)
  })
})

/** As many of these paths as it takes to take each of their transitions once. */
function covering(paths: readonly Path[]): readonly Path[] {
  const taken = new Set<string>()
  return paths.filter(path => {
    const before = taken.size
    for (const transition of path.taken) taken.add(transition)
    return taken.size > before
  })
}

/** What holds of any order, whatever its path. */
function assertSound(path: Path, { output, effects }: Awaited<ReturnType<typeof runPath>>): void {
  const done = (deed: string) => effects.filter(effect => effect.startsWith(`${deed} `))
  const { outcome, charged, refunded, byHand } = output
  assert.equal(outcome, path.outcome, nameOf(path))
  if (outcome === 'delivered') assert.deepEqual([done('charge').length * 50, refunded], [charged, 0])
  if (outcome === 'rejected') assert.deepEqual([done('charge').length, done('bookAll').length], [0, 0])
  if (outcome === 'cancelled' && byHand.length === 0)
    assert.equal(charged - refunded, 50 * arrived(path), nameOf(path))
}

/** How many shipments had been handed over and delivered when the order was cancelled. */
function arrived({ moves }: Path): number {
  const names = moves.map(move => move.name)
  const before = names.slice(0, names.indexOf('CANCEL'))
  return ['', ' m-1', ' m-2'].filter(
    shipment => before.includes(`HANDED_TO_CARRIER${shipment}`) && before.includes(`DELIVERED${shipment}`),
  ).length
}
