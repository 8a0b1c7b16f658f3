/** The simulation itself: that it finds nothing, that it would, and that a seed is all it takes to see again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFull } from '../support/effort.js'
import { EXPECTED } from './checks/happenings.js'
import { simulations } from './kinds.js'
import { sabotages } from './sabotage.js'
import { replayCommand, runSeeds } from './seeds.js'
import type { SimulationResult } from './simulation.js'

/** How many runs. After the many everything that can happen must have happened. */
const SEEDS = isFull ? 1_000 : 2
const KINDS = ['embedded', 'cluster'] as const
/** Runs within which a broken promise must be noticed. */
const SEEDS_TO_NOTICE = 60

suite('the simulation', () => {
  // Of a cluster a short run is that which is seen twice.
  for (const kind of isFull ? KINDS : (['embedded'] as const))
    test(`${SEEDS} seeds keep every promise: ${kind}`, async t => {
      const summary = await runSeeds({ from: 1, count: SEEDS, workers: isFull ? 2 : 1, kind })
      const failures = summary.failures.map(
        ({ seed, failure }) => `${failure}\n  ${replayCommand(seed, kind)}`,
      )
      assert.equal(failures.length, 0, failures.join('\n'))
      assert.equal(summary.seeds, SEEDS)
      t.diagnostic(`${summary.entries} entries, ${summary.crashes} deaths, ${summary.seconds} s`)
      if (!isFull) return
      const missing = EXPECTED[kind].filter(what => summary.counts[what] === undefined)
      assert.deepEqual(missing, [], 'what never happened was not tested')
    })

  for (const kind of KINDS)
    test(`the same seed is the same run: ${kind}`, async () => {
      const simulate = simulations[kind]
      const other = await simulate({ seed: 13 })
      for (const seed of isFull ? [3, 4, 5] : [4]) {
        const [first, second] = [await simulate({ seed }), await simulate({ seed })]
        assert.equal(first.failure, undefined, replayCommand(seed, kind))
        assert.equal(first.trace, second.trace, `seed ${seed}`)
        assert.deepEqual(first, second)
        assert.notEqual(first.trace, other.trace)
      }
    })

  for (const sabotage of isFull ? sabotages : [])
    test(`catches ${sabotage.name}`, async t => {
      const simulate = simulations[sabotage.in ?? 'embedded']
      const found = await firstFailure(seed => simulate({ seed, sabotage }))
      assert.ok(found !== undefined, `${SEEDS_TO_NOTICE} seeds did not notice`)
      t.diagnostic(`seed ${found.seed}: ${found.failure?.split('\n')[0]}`)
    })

  test('one command shows a failing seed again', async () => {
    const sabotage = sabotages[0]!
    const found = await firstFailure(seed => simulations.embedded({ seed, sabotage }))
    assert.ok(found?.failure !== undefined)
    const run = fileURLToPath(new URL('./run.js', import.meta.url))
    const args = [run, '--seed', String(found.seed), '--sabotage', sabotage.name]
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.ok(stdout.includes(`FAILED: ${found.failure}`), stdout)
    assert.ok(stdout.includes(found.trace), 'the run was another one')
  })
})

async function firstFailure(run: (seed: number) => Promise<SimulationResult>) {
  for (let seed = 1; seed <= SEEDS_TO_NOTICE; seed++) {
    const result = await run(seed)
    if (result.failure !== undefined) return result
  }
  return undefined
}
