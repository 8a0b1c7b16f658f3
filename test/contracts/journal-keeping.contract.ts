/** What every journal keeps of the past, and what it lets go. Part of the journal contract. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Journal } from '../../actors/journal.js'
import { type Applied, CommitMaker, T0 } from '../support/journal-commits.js'
import type { JournalKind } from './journal.contract.js'

export function keepingContract(name: string, kind: JournalKind): void {
  describe(`${name}: what it keeps`, () => {
    let journal: Journal
    let maker: CommitMaker
    const commit = (applied: readonly Applied[]) => journal.append(maker.make(applied))

    beforeEach(() => {
      journal = kind.open()
      maker = new CommitMaker()
    })
    afterEach(() => {
      journal.close()
      kind.dispose()
    })

    for (const settled of [false, true])
      it(`keeps the first persisted snapshot of each ten thousand entries${settled ? ', settled often' : ''}`, async () => {
        const lives = new CommitMaker()
        const seqs = Array.from({ length: 31 }, (_, index) => 1 + index * 1_000)
        for (const seq of seqs) {
          const { records, ...rest } = lives.make([{ address: 'order/1' }])
          const [change] = records
          const entries = rest.entries.map(entry => ({ ...entry, seq }))
          const record = { ...change!.record, seq }
          await journal.append({
            ...rest,
            entries,
            records: [{ ...change!, record, persistSnapshot: true }],
          })
          if (seq === 15_001 || settled) journal.settle()
        }
        // Pruning has everything settled first, however much of it settling left to be done at leisure.
        assert.equal(journal.prune('order/none', 1), 0)
        const seqAt = (seq: number) => journal.recordAt('order/1', seq)?.seq
        assert.deepEqual([29_500, 29_000, 25_000, 20_000, 19_999, 9_999].map(seqAt), [
          29_001,
          20_001,
          20_001,
          10_001,
          10_001,
          undefined,
        ])
        assert.ok(journal.prune('order/1', 25_000) > 0)
        assert.equal(seqAt(20_500), undefined, 'the entries after it are gone')
      })

    it('prunes a history, but never past the older persisted snapshot', async () => {
      for (let seq = 1; seq <= 10; seq++)
        await commit([
          { address: 'order/1', persistSnapshot: seq === 4 || seq === 8 },
          { address: 'order/2' },
        ])
      assert.equal(journal.prune('order/2', 10), 0)
      assert.equal(journal.prune('order/1', 3), 3)
      const seqs = () => journal.entries('order/1', 0, 100).map(entry => entry.seq)
      assert.deepEqual(seqs(), [4, 5, 6, 7, 8, 9, 10])
      assert.equal(journal.prune('order/1', 10), 1)
      assert.equal(journal.prune('order/1', 10), 0)
      assert.deepEqual(seqs(), [5, 6, 7, 8, 9, 10])
      assert.equal(journal.entries('order/2', 0, 100).length, 10)
      assert.equal(journal.recordAt('order/1', 4)?.seq, 4)
      assert.equal(journal.read('order/1')?.record.seq, 10)
    })

    it('counts what it prunes, not what was forgotten before', async () => {
      await commit([{ address: 'order/1' }])
      journal.forget('order/1')
      for (let seq = 2; seq <= 3; seq++) await commit([{ address: 'order/1', persistSnapshot: true }])
      assert.equal(journal.prune('order/1', 1), 0)
      assert.equal(journal.prune('order/1', 2), 1)
    })

    it('forgets an actor and all below it, and nobody else', async () => {
      const family = ['order/1', 'order/1/pay', 'order/1/pay/retry']
      const others = ['order/10', 'order/2', 'orders/1', 'order/1%2Fpay']
      for (let round = 0; round < 2; round++)
        await commit([...family, ...others].map(address => ({ address, persistSnapshot: round === 1 })))
      journal.forget('order/1')
      journal.forget('order/nobody')
      for (const address of family) {
        assert.equal(journal.read(address), undefined)
        assert.equal(journal.recordAt(address, 9), undefined)
        assert.deepEqual(journal.entries(address, 0, 10), [])
      }
      assert.deepEqual(
        journal.list({ limit: 10 }).map(one => one.address),
        [...others].sort(),
      )
      for (const address of others) assert.equal(journal.entries(address, 0, 10).length, 2)
      assert.equal(journal.position, 14)

      // The key may be used again; what comes then is another actor's.
      const reborn = new CommitMaker(14)
      await journal.append(reborn.make([{ address: 'order/1' }]))
      assert.deepEqual(
        journal.entries('order/1', 0, 10).map(({ seq, position }) => [seq, position]),
        [[1, 15]],
      )
      assert.equal(journal.read('order/1')?.record.seq, 1)
    })

    it('names the roots of a type that have ended, oldest first', async () => {
      const end = (address: string, at: number, status: 'done' | 'error' | 'stopped' | 'active') => ({
        address,
        at,
        record: { status, at },
      })
      await commit([
        end('order/late', T0 + 30, 'done'),
        end('order/early', T0 + 10, 'stopped'),
        end('order/early/child', T0 + 5, 'done'),
        end('order/alive', T0 + 1, 'active'),
        end('orders/other', T0 + 1, 'done'),
        end('order/failed', T0 + 20, 'error'),
      ])
      assert.deepEqual(journal.ended('order', T0 + 30, 10), ['order/early', 'order/failed', 'order/late'])
      assert.deepEqual(journal.ended('order', T0 + 29, 1), ['order/early'])
      assert.deepEqual(journal.ended('order', T0 + 9, 10), [])
    })
  })
}
