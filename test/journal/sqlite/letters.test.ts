import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CommitMaker, T0 } from '../../support/journal-commits.js'
import { openForTest, temporaryDirectory } from '../../support/journal-files.js'

/** Milliseconds to find each of a journal's letters, with a few of them gone, per letter. */
async function findMs(letters: number): Promise<number> {
  const directory = temporaryDirectory()
  const journal = openForTest(directory.path, { limits: { unsettledSegmentsMax: 6 } })
  try {
    const maker = new CommitMaker()
    const actors = Array.from({ length: 12 }, (_, index) => ({ address: `order/${index}` }))
    // The seventh commit begins to settle the first six: letters and what is gone stand in two generations.
    for (let commit = 0; commit < 7; commit++) {
      const deadLetters = Array.from({ length: letters / 7 }, (_, index) => ({
        position: maker.position,
        at: T0,
        command: {
          kind: 'message' as const,
          commandId: `c-${commit}-${index}`,
          target: 'order/1',
          event: { type: 'GO' },
        },
        error: { name: 'E', message: 'm' },
      }))
      const gone = journal.deadLetters(undefined, letters / 14)
      await journal.append(
        maker.make(actors, {
          deadLetters,
          settledLetters: gone.map(({ id }) => ({ id, how: 'dropped' as const })),
        }),
      )
    }
    const ids = journal.deadLetters(undefined, letters).map(one => one.id)
    const begun = performance.now()
    for (const id of ids) assert.equal(journal.deadLetter(id)?.id, id)
    return (performance.now() - begun) / ids.length
  } finally {
    journal.close()
    directory.remove()
  }
}

test('to find a letter that is not settled into rows yet takes as long among many as among few', async () => {
  await findMs(140)
  const [few, many] = [await findMs(140), await findMs(4_200)]
  assert.ok(many < 20 * few, `${few} ms each among 140, ${many} ms each among 4,200`)
})
