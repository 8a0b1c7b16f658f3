/** How all actors that owe work are read from a journal, and what was lost with processes. Part of the journal contract. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Journal } from '../../actors/journal.js'
import { type Applied, CommitMaker } from '../support/journal-commits.js'
import { owingAddresses, owingPages } from '../support/owing-pages.js'
import type { JournalKind } from './journal.contract.js'

export function owingContract(name: string, kind: JournalKind): void {
  describe(`${name}: who owes work`, () => {
    let journal: Journal
    let maker: CommitMaker
    const commit = (applied: readonly Applied[]) => journal.append(maker.make(applied))
    const owes = (key: string | number, yes = true): Applied => ({
      address: `order/${key}`,
      index: { owes: yes },
    })

    beforeEach(() => {
      journal = kind.open()
      maker = new CommitMaker()
    })
    afterEach(() => {
      journal.close()
      kind.dispose()
    })

    for (const settles of [true, false])
      it(`is read in address order, in pages, as last committed${settles ? ', settled' : ''}`, async () => {
        await commit(['c', 'a', 'b', 'd'].map(key => owes(key, key !== 'b')))
        if (settles) journal.settle()
        const pages = owingPages(journal, 2).map(page => page.map(({ record }) => record.address))
        assert.deepEqual(pages.flat(), ['order/a', 'order/c', 'order/d'])
        assert.ok(pages.every(page => page.length <= 2))
        await commit([owes('a', false), owes('b')])
        assert.deepEqual(owingAddresses(journal), ['order/b', 'order/c', 'order/d'])
        for (const stored of owingPages(journal, 2).flat())
          assert.deepEqual(stored, journal.read(stored.record.address))
      })

    it('is found whatever is settled when: in rows, in none, and in rows that newer commits hide', async () => {
      const numbers = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'))
      await commit(numbers.filter((_, n) => n % 3 !== 0).map(key => owes(key)))
      journal.settle()
      await commit(numbers.filter((_, n) => n % 2 === 0).map(key => owes(key)))
      await commit(numbers.filter((_, n) => n % 5 === 0).map(key => owes(key, false)))
      const expected = numbers.filter((_, n) => n % 5 !== 0 && (n % 3 !== 0 || n % 2 === 0))
      for (const size of [1, 7, 100]) {
        const found = owingPages(journal, size).flat()
        assert.deepEqual(
          found.map(({ record }) => record.address),
          expected.map(key => `order/${key}`),
        )
        for (const stored of found) assert.deepEqual(stored, journal.read(stored.record.address))
      }
    })

    it('is read on while more is committed and settled: who is not touched is found once, as it is', async () => {
      const numbers = Array.from({ length: 40 }, (_, n) => String(n).padStart(2, '0'))
      await commit(numbers.slice(0, 20).map(key => owes(key)))
      journal.settle()
      await commit(numbers.slice(20).map(key => owes(key)))
      const cursor = journal.owing()
      const found = []
      for (let turn = 0; ; turn++) {
        const page = cursor.next(3)
        if (page.length === 0) break
        found.push(...page)
        for (const stored of page) assert.deepEqual(stored, journal.read(stored.record.address))
        // Behind where it has come to, before it, and somebody new.
        await commit([owes('00', false), owes('39', false), owes('38'), { address: `x/${turn}` }])
        if (turn % 2 === 0) journal.settle()
      }
      const addresses = found.map(({ record }) => record.address)
      assert.equal(new Set(addresses).size, addresses.length, 'nobody is found twice')
      for (const key of numbers.slice(0, 38)) assert.ok(addresses.includes(`order/${key}`), key)
      assert.ok(!addresses.includes('order/39'), 'who owes nothing by then is not found')
    })

    it('keeps what was lost until a commit says it anew', async () => {
      const losses = [
        { until: 3, to: 'order/9' },
        { until: 3, to: 'order/a%20b' },
      ]
      await journal.append(maker.make([owes(1)], { losses }))
      assert.deepEqual(journal.losses(), losses)
      await commit([owes(2)])
      journal.settle()
      assert.deepEqual(journal.losses(), losses)
      await journal.append(maker.make([], { losses: [] }))
      assert.deepEqual(journal.losses(), [])
    })
  })
}
