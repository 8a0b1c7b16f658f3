/** A commit that travels as bytes says of its inboxes what it said before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InboxPosition } from '../../../actors/commit.js'
import { commitForm } from '../../../journal/segment/commit-bytes.js'
import { CommitMaker } from '../../support/journal-commits.js'

test('places in inboxes come back as they went, those within a message too', () => {
  const taken: InboxPosition[] = [
    { inbox: 'commands', sequence: 7, hash: 'a7' },
    { inbox: 'sends', sequence: 9, hash: 'b9', index: 2 },
  ]
  const commit = new CommitMaker().make([{ address: 'order/o-1', event: { type: 'NOTE' } }])
  assert.deepEqual(commitForm.unpack(commitForm.pack({ ...commit, taken })).taken, taken)
  assert.equal(commitForm.unpack(commitForm.pack(commit)).taken, undefined)
})
