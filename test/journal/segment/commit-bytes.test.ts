import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Command } from '../../../actors/command.js'
import type { Commit } from '../../../actors/commit.js'
import { commitForm, MemoryJournal } from '../../../journal/index.js'
import { assertAlike } from '../../support/journal-alike.js'
import { CommitMaker } from '../../support/journal-commits.js'

const there: Command = { kind: 'message', commandId: 's-1', target: 'stock/a', event: { type: 'TAKE' } }
const later: Command = { kind: 'message', commandId: 's-2', target: 'order/1', event: { type: 'AGAIN' } }

suite('a commit as bytes', () => {
  for (const [name, cents] of [
    ['plain', 4_200],
    ['not plain', 4_200n],
  ] as const)
    test(`comes back with what it sent and how far it had read, ${name}`, async () => {
      const event = { type: 'PAY', cents }
      const commit: Commit = {
        ...new CommitMaker().make([{ address: 'order/1', event, persistSnapshot: true }], {
          pending: [later],
        }),
        sent: [{ ...there, event }],
        taken: [
          { inbox: 'commands', sequence: 7, hash: 'c7' },
          { inbox: 'sends', sequence: 2 ** 40, hash: 's9', index: 2 },
        ],
      }
      const found = commitForm.unpack(commitForm.pack(commit))
      assert.deepEqual(found, commit)
      const [here, elsewhere] = [new MemoryJournal(), new MemoryJournal()]
      await here.append(commit)
      await elsewhere.append(found)
      assertAlike(elsewhere, here, ['order/1'])
      assert.deepEqual(elsewhere.taken(), here.taken())
    })

  test('comes back without what it has not', () => {
    const commit = new CommitMaker().make([{ address: 'order/1' }])
    assert.deepEqual(
      Object.keys(commitForm.unpack(commitForm.pack(commit))).sort(),
      Object.keys(commit).sort(),
    )
  })
})
