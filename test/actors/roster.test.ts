import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Roster } from '../../actors/roster.js'
import { runs } from '../support/effort.js'

const moves = fc.array(fc.record({ adds: fc.boolean(), which: fc.nat() }), { maxLength: 60 })

test('whoever came and has not gone is told, whatever the order they go in, and twice gone is gone once', () => {
  fc.assert(
    fc.property(moves, given => {
      const roster = new Roster<number>()
      const there = new Set<number>()
      const leaving: (() => void)[] = []
      for (const { adds, which } of given) {
        const one = leaving.length
        if (adds || one === 0) {
          leaving.push(roster.add(one))
          there.add(one)
        } else {
          leaving[which % one]!()
          there.delete(which % one)
        }
        assert.deepEqual(new Set(roster.all()), there)
        assert.equal(roster.all().length, there.size)
      }
    }),
    { numRuns: runs(500) },
  )
})
