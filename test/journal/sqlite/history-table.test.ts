import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { CommitMaker } from '../../support/journal-commits.js'
import { openForTest, temporaryDirectory } from '../../support/journal-files.js'

describe('pruning', () => {
  let directory: ReturnType<typeof temporaryDirectory>
  beforeEach(() => {
    directory = temporaryDirectory()
  })
  afterEach(() => directory.remove())

  it('lets go of commits in which nothing is left, and the chain still holds', async () => {
    const journal = openForTest(directory.path)
    const maker = new CommitMaker()
    for (let seq = 1; seq <= 9; seq++)
      await journal.append(
        maker.make([
          { address: 'order/1', persistSnapshot: seq === 6 || seq === 8 },
          ...(seq === 3 ? [{ address: 'order/other' }] : []),
        ]),
      )
    assert.equal(journal.prune('order/1', 5), 5)
    const kept = [...journal.commits(0)].map(commit => commit.first)
    // The commit at position 3 holds another actor's entry too.
    assert.deepEqual(kept, [3, 7, 8, 9, 10])
    assert.equal(journal.entries('order/other', 0, 10).length, 1)
    assert.equal(journal.verifyChain(), 10)
    journal.close()
    const again = openForTest(directory.path)
    assert.equal(again.verifyChain(), 10)
    assert.deepEqual(
      again.entries('order/1', 0, 100).map(entry => entry.seq),
      [6, 7, 8, 9],
    )
    again.close()
  })

  it('goes through a history of any length', async () => {
    const journal = openForTest(directory.path)
    const maker = new CommitMaker()
    // More entries than one round of pruning holds pages for, settled a few at a time.
    for (let round = 0; round < 100; round++) {
      await journal.append(
        maker.make([{ address: 'order/1', persistSnapshot: round >= 98 }, { address: 'order/1' }]),
      )
      journal.settle()
    }
    assert.equal(journal.prune('order/1', 197), 197)
    assert.deepEqual(
      journal.entries('order/1', 0, 100).map(entry => entry.seq),
      [198, 199, 200],
    )
    journal.close()
  })
})
