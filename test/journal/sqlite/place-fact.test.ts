/** Where a journal stands among the streams of a cluster is part of the commit that brought it there. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Commit, InboxPosition } from '../../../actors/commit.js'
import type { Journal, LogPosition } from '../../../actors/journal.js'
import { openJournal } from '../../../journal/index.js'
import { CommitMaker } from '../../support/journal-commits.js'
import { copyJournal, openForTest, temporaryDirectory, writers } from '../../support/journal-files.js'

const log = (sequence: number): LogPosition => ({ incarnation: 1, sequence, hash: `l${sequence}` })
const read = (inbox: InboxPosition['inbox'], sequence: number) => ({ inbox, sequence, hash: `i${sequence}` })
const placeOf = (journal: Journal) => ({ log: journal.logPosition, taken: journal.taken() })

for (const { name, ownThread } of writers)
  describe(`the place of a journal, ${name}`, () => {
    let path = ''
    let remove = () => {}
    let maker: CommitMaker
    beforeEach(() => {
      const directory = temporaryDirectory()
      path = directory.path
      remove = directory.remove
      maker = new CommitMaker()
    })
    afterEach(() => remove())

    const next = (...taken: InboxPosition[]): Commit => ({ ...maker.make([{ address: 'order/1' }]), taken })

    it('moves with a commit that is durable, is there after a crash, and stays where a commit says nothing', async () => {
      const [lived, crashed] = [join(path, 'lived'), join(path, 'crashed')]
      const journal = openForTest(lived, { ownThread })
      assert.deepEqual(placeOf(journal), { log: undefined, taken: [] })
      await journal.append(next(read('commands', 3)), log(10))
      const flight = journal.append(next(read('sends', 1), read('commands', 4)), log(11))
      if (ownThread)
        assert.deepEqual(placeOf(journal), { log: log(10), taken: [read('commands', 3)] }, 'not before it is')
      await flight
      await journal.append(maker.make([{ address: 'order/2' }]))
      const place = { log: log(11), taken: [read('commands', 4), read('sends', 1)] }
      assert.deepEqual(placeOf(journal), place)
      const reader = openJournal({ path: lived, readOnly: true })
      assert.deepEqual(placeOf(reader), place)
      reader.close()
      copyJournal(lived, crashed)
      journal.close()
      for (const left of [lived, crashed]) {
        const again = openForTest(left, { ownThread })
        assert.deepEqual(placeOf(again), place)
        await again.append(new CommitMaker(3).make([{ address: 'order/3' }]), log(12))
        assert.deepEqual(placeOf(again), { ...place, log: log(12) })
        again.close()
      }
    })
  })
