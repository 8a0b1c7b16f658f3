/**
 * Random walks over random statecharts, both executors side by side. A few while working, a few hundred in all;
 * as many as wanted with `PERDURE_WALKS=50000 node --test dist/test/contracts/executors/random-walks.test.js`, from a seed
 * with `PERDURE_WALKS_SEED`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { runs } from '../../support/effort.js'
import { statecharts } from './drawings.js'
import { newTally, walk } from './random-walks.js'

const numRuns = Number(process.env.PERDURE_WALKS ?? runs(250))
const seed = Number(process.env.PERDURE_WALKS_SEED ?? Date.now() % 2 ** 31)

test(`${numRuns} walks over random statecharts: compiled and reference take the same way`, t => {
  const tally = newTally()
  fc.assert(
    fc.property(statecharts, chart => walk(chart, tally)),
    { numRuns, seed },
  )
  t.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}`)
  assert.ok(tally.moves > numRuns / 2, `the walks went nowhere: ${JSON.stringify(tally)}`)
})
