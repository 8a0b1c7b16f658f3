import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { bundledBytes, packBundle, unpackBundle } from '../../../cluster/requests/bundle.js'
import { runs } from '../../support/effort.js'

const answer = fc.record({
  token: fc.stringMatching(/^\+[0-9a-z]{1,12}$/),
  body: fc.uint8Array({ maxLength: 300 }),
})

function unpacked(bytes: Uint8Array): { token: string; body: number[] }[] {
  const taken: { token: string; body: number[] }[] = []
  unpackBundle(bytes, (token, body) => taken.push({ token, body: [...body] }))
  return taken
}

suite('a bundle of answers', () => {
  test('gives each as it was, in order, and is as long as it says', () => {
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 30 }), answers => {
        const bytes = packBundle(answers)
        assert.equal(
          bytes.length,
          answers.reduce((sum, one) => sum + bundledBytes(one), 0),
        )
        assert.deepEqual(
          unpacked(bytes),
          answers.map(({ token, body }) => ({ token, body: [...body] })),
        )
      }),
      { numRuns: runs(500) },
    )
  })

  test('that is cut off gives what is whole', () => {
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 5 }), fc.nat(), (answers, at) => {
        const bytes = packBundle(answers)
        const whole = unpacked(bytes)
        const cut = unpacked(bytes.subarray(0, at % bytes.length))
        assert.deepEqual(cut, whole.slice(0, cut.length))
        assert.ok(cut.length < whole.length)
      }),
      { numRuns: runs(500) },
    )
  })

  test('may be anything, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        unpacked(bytes)
      }),
      { numRuns: runs(2_000) },
    )
  })
})
