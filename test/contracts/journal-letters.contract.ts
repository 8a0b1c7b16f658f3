/** What every journal must do with dead letters, and with counts of actors. Part of journal.contract.ts. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { DeadLetter } from '../../actors/commit.js'
import type { Journal } from '../../actors/journal.js'
import { type Applied, type CommitExtras, CommitMaker, T0 } from '../support/journal-commits.js'
import type { JournalKind } from './journal.contract.js'

export function lettersContract(name: string, kind: JournalKind): void {
  for (const settled of [false, true])
    describe(`${name}: dead letters, ${settled ? 'settled' : 'not settled yet'}`, () => {
      let journal: Journal
      let maker: CommitMaker
      const commit = async (applied: readonly Applied[], extras?: CommitExtras) => {
        await journal.append(maker.make(applied, extras))
        if (settled) journal.settle()
      }
      const idsOf = () => journal.deadLetters(undefined, 100).map(one => one.id)

      beforeEach(() => {
        journal = kind.open()
        maker = new CommitMaker()
      })
      afterEach(() => {
        journal.close()
        kind.dispose()
      })

      it('are kept in order, each under a name of its own, whatever their positions', async () => {
        const letters = ['a', 'b', 'c', 'd'].map(id => letter(id))
        await commit([{ address: 'order/1' }], { deadLetters: letters.slice(0, 2) })
        // A commit of nothing but a letter: at the same position as the ones before.
        await commit([], { deadLetters: letters.slice(2, 3) })
        await commit([{ address: 'order/1' }], { deadLetters: letters.slice(3) })
        const kept = journal.deadLetters(undefined, 10)
        assert.deepStrictEqual(
          kept.map(({ id: _, ...one }) => one),
          letters,
        )
        const ids = kept.map(one => one.id)
        assert.equal(new Set(ids).size, 4)
        assert.deepEqual([...ids].sort(), ids)
        assert.equal(journal.countDeadLetters(), 4)
        for (const one of kept) assert.deepStrictEqual(journal.deadLetter(one.id), one)
        assert.deepStrictEqual(journal.deadLetters(ids[0], 2), kept.slice(1, 3))
        assert.deepStrictEqual(journal.deadLetters(ids[3], 2), [])
      })

      it('are not there under a name that is none', async () => {
        await commit([{ address: 'order/1' }], { deadLetters: [letter('a')] })
        for (const id of ['', '1', 'x', '000000000001-0009', '1-0', "'; --"])
          assert.equal(journal.deadLetter(id), undefined)
      })

      it('are gone once settled, with the commit that says so, and their names are not used again', async () => {
        await commit([{ address: 'order/1' }], { deadLetters: [letter('a'), letter('b'), letter('c')] })
        const [a, b, c] = idsOf()
        await commit([], { settledLetters: [{ id: b!, how: 'dropped', reason: 'no use' }] })
        assert.deepEqual([idsOf(), journal.countDeadLetters()], [[a, c], 2])
        assert.equal(journal.deadLetter(b!), undefined)
        await commit([{ address: 'order/1' }], {
          settledLetters: [{ id: c!, how: 'redriven' }],
          deadLetters: [letter('d')],
        })
        const [, d] = idsOf()
        assert.deepEqual(idsOf(), [a, d])
        assert.equal([a, b, c].includes(d), false)
        assert.equal(journal.deadLetter(d!)?.command.commandId, 'd')
        assert.deepEqual(
          [...journal.commits(0)].flatMap(one => one.settledLetters),
          [
            { id: b, how: 'dropped', reason: 'no use' },
            { id: c, how: 'redriven' },
          ],
        )
      })

      it('cannot be settled twice, nor when there are none: the commit is refused and nothing is written', async () => {
        await commit([{ address: 'order/1' }], { deadLetters: [letter('a')] })
        const [id] = idsOf()
        const settle = (...ids: string[]) =>
          commit([], { settledLetters: ids.map(id => ({ id, how: 'dropped' as const })) })
        await assert.rejects(settle(id!, id!), /settles dead letter/)
        await assert.rejects(settle('000000000009-0000'), /000000000009-0000/)
        assert.deepEqual(idsOf(), [id])
        await settle(id!)
        await assert.rejects(settle(id!), /not there/)
      })

      it('are forgotten with their actor and those below it, no others', async () => {
        const targets = ['order/1', 'order/1/pay', 'order/10', 'order/2']
        await commit(
          targets.map(address => ({ address })),
          { deadLetters: targets.map(target => letter(target, target)) },
        )
        journal.forget('order/1')
        assert.deepEqual(
          journal.deadLetters(undefined, 10).map(one => one.command.target),
          ['order/10', 'order/2'],
        )
        assert.equal(journal.countDeadLetters(), 2)
      })

      it('roots are counted by type, version and status, as last committed', async () => {
        const v2 = { record: { version: 'v2' } }
        await commit([
          { address: 'order/1' },
          { address: 'order/2' },
          { address: 'order/2/child' },
          { address: 'order/3', ...v2 },
          { address: 'a%20b/1' },
        ])
        await commit([
          { address: 'order/1', record: { status: 'done' } },
          { address: 'order/2', ...v2 },
        ])
        assert.deepEqual(journal.counts(), [
          { type: 'a b', version: 'v1', status: 'active', count: 1 },
          { type: 'order', version: 'v1', status: 'done', count: 1 },
          { type: 'order', version: 'v2', status: 'active', count: 2 },
        ])
        journal.forget('order/1')
        assert.deepEqual(
          journal.counts().map(one => one.count),
          [1, 2],
        )
        assert.equal(journal.count({ version: 'v2' }), 2)
        assert.deepEqual(
          journal.list({ version: 'v2', limit: 10 }).map(one => one.address),
          ['order/2', 'order/3'],
        )
      })
    })
}

function letter(commandId: string, target = 'order/1'): DeadLetter {
  return {
    position: 1,
    at: T0,
    command: {
      kind: 'message',
      commandId,
      target,
      event: { type: 'GO' },
      redriven: 'earlier',
      sender: 'order/9',
    },
    error: { name: 'E', message: 'no' },
  }
}
