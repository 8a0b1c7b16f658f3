/**
 * Every simple path of the order pipeline again, with the process dying once: at each commit of each path,
 * before it is written and just after, when nobody has heard of it. The outcome, and what was charged,
 * refunded, booked and said by idempotency key, must be what it is without a death.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nameOf, pathsOf } from '../machines/lifecycles/pipeline-paths.js'
import { runPath } from '../machines/lifecycles/pipeline-run.js'
import { PipelineWorld } from '../machines/lifecycles/pipeline-world.js'

describe('the order pipeline, dying at every commit of every path', () => {
  for (const [kind, mishapsMax] of [
    ['single', 2],
    ['split', 1],
  ] as const)
    it(`of an order with ${kind} payment and seller, up to ${mishapsMax} mishaps`, async t => {
      const world = new PipelineWorld()
      const paths = pathsOf(kind, mishapsMax)
      let deaths = 0
      for (const path of paths) {
        const calm = await runPath(path, world)
        for (let commit = 1; commit <= calm.commits; commit++)
          for (const written of [true, false]) {
            const ended = await runPath(path, world, { commit, written })
            const when = `${nameOf(path)}: commit ${commit}, ${written ? 'written' : 'lost'}`
            assert.ok(ended.died, `${when}: it did not die`)
            assert.deepEqual([ended.output, ended.effects], [calm.output, calm.effects], when)
            deaths++
          }
      }
      t.diagnostic(`${paths.length} paths, ${deaths} deaths`)
    })
})
