/** What is read off a segment without opening it is what the commit it was made of held. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Commit } from '../../../actors/commit.js'
import { contentsOf, packSegment } from '../../../journal/segment/segment.js'
import { runs } from '../../support/effort.js'
import { CommitMaker } from '../../support/journal-commits.js'

const number = fc.oneof(
  fc.nat(),
  fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53, -1, -0, 0.5),
  fc.double({ noNaN: true }),
)
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('', 'o'.repeat(31), 'o'.repeat(32), 'ö'.repeat(16), 'o'.repeat(255), 'o'.repeat(70_000)),
)
/** With a value that only whoever decodes the whole can read, and without. */
const value = fc.constantFrom<unknown>('a', { a: 'b' }, new Date(0), -0)

interface Written {
  readonly address: string
  readonly version: string
  readonly at: number
  readonly seq: number
  readonly value: unknown
  readonly persistSnapshot: boolean
}

const written: fc.Arbitrary<Written> = fc.record({
  address: text,
  version: text,
  at: number,
  seq: number,
  value,
  persistSnapshot: fc.boolean(),
})

describe('the contents of a segment', () => {
  it('are those of its commit', () => {
    fc.assert(
      fc.property(fc.uniqueArray(written, { selector: one => one.address, maxLength: 40 }), all => {
        const commit = new CommitMaker().make(
          all.map(({ address, version, at, seq, value, persistSnapshot }) => ({
            address,
            at,
            persistSnapshot,
            record: { version, seq },
            entry: { seq, value },
            index: { value },
          })),
        )
        assert.deepEqual(contentsOf(packSegment(1, commit)), headsOf(commit))
      }),
      { numRuns: runs(500) },
    )
  })
})

function headsOf({ entries, records, deadLetters, settledLetters }: Commit) {
  return {
    entries: entries.map(({ address, seq }) => ({ address, seq })),
    records: records.map(({ record, index, persistSnapshot }) => {
      const { address, incarnation, version, seq, position, at, status } = record
      return { record: { address, incarnation, version, seq, position, at, status }, index, persistSnapshot }
    }),
    deadLetters,
    settledLetters,
  }
}
