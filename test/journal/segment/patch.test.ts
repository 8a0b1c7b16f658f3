/** Bytes as what changed since others: the very bytes come back, and few are written where little changed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { patched, patchOf } from '../../../journal/segment/patch.js'
import { runs } from '../../support/effort.js'

const text = (length: number) => Buffer.alloc(length, Array.from({ length: 900 }, (_, n) => `${n},`).join(''))

const edit = fc.record({
  at: fc.nat(50_000),
  removed: fc.nat(300),
  added: fc.uint8Array({ maxLength: 300 }),
})

describe('a patch', () => {
  it('makes the bytes it was made of, wherever and however often they differ', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(text(40_000), Buffer.alloc(40_000, 'n'), Buffer.alloc(10), Buffer.alloc(0)),
        fc.array(edit, { maxLength: 12 }),
        (before, edits) => {
          let after = before
          for (const { at, removed, added } of edits)
            after = Buffer.concat([after.subarray(0, at), added, after.subarray(at + removed)])
          const patch = patchOf(before, after)
          if (patch === undefined) return
          assert.deepEqual(patched(before, patch), after)
          assert.ok(patch.length * 2 <= after.length)
        },
      ),
      { numRuns: runs(300) },
    )
  })

  it('is short for a state that is large, whose beginning and end change', () => {
    const before = Buffer.concat([
      Buffer.from('scoring {orderId: 7, note: '),
      text(100_000),
      Buffer.from('}'),
    ])
    const after = Buffer.concat([
      Buffer.from('charging {orderId: 7, note: '),
      text(100_000),
      Buffer.from(', risk: 0.5}'),
    ])
    const patch = patchOf(before, after)
    assert.ok(patch !== undefined && patch.length < 200, `${patch?.length} bytes`)
    assert.deepEqual(patched(before, patch), after)
  })

  it('of a thing repeated all through is short as well', () => {
    const before = Buffer.concat([Buffer.from('a'), Buffer.alloc(100_000, 'n'), Buffer.from('z')])
    const after = Buffer.concat([Buffer.from('bcd'), Buffer.alloc(100_000, 'n'), Buffer.from('yz')])
    const patch = patchOf(before, after)
    assert.ok(patch !== undefined && patch.length < 400, `${patch?.length} bytes`)
    assert.deepEqual(patched(before, patch), after)
  })

  it('is not made of bytes that have little in common', () => {
    assert.equal(patchOf(text(40_000), Buffer.alloc(40_000, 'x')), undefined)
  })
})
