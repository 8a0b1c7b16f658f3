import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { EventHeap } from '../../../runtime/demo/event-heap.js'

it('gives what was put in by time, and by turn where times are equal', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), times => {
      const heap = new EventHeap<{ at: number; turn: number }>()
      const items = times.map((at, turn) => ({ at, turn }))
      for (const item of items) heap.push(item)
      const out = items.map(() => heap.pop())
      assert.deepEqual(
        out,
        items.toSorted((a, b) => a.at - b.at || a.turn - b.turn),
      )
      assert.equal(heap.pop(), undefined)
      assert.equal(heap.nextAt, Number.POSITIVE_INFINITY)
    }),
  )
})
