/** What every journal must do, whatever it is made of. Run by one file for each implementation. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Command } from '../../actors/command.js'
import type { Commit } from '../../actors/commit.js'
import type { Journal } from '../../actors/journal.js'
import { type Applied, type CommitExtras, CommitMaker, T0 } from '../support/journal-commits.js'
import { owingAddresses } from '../support/owing-pages.js'
import { keepingContract } from './journal-keeping.contract.js'
import { lettersContract } from './journal-letters.contract.js'
import { owingContract } from './journal-owing.contract.js'

/** Journals under test; each call of `open` gives an empty one. */
export interface JournalKind {
  open(): Journal
  /** Removes what the last one left. */
  dispose(): void
}

export function journalContract(name: string, kind: JournalKind): void {
  describe(`${name}: a journal`, () => {
    let journal: Journal
    let maker: CommitMaker
    const commit = (applied: readonly Applied[], extras?: CommitExtras) =>
      journal.append(maker.make(applied, extras))

    beforeEach(() => {
      journal = kind.open()
      maker = new CommitMaker()
    })
    afterEach(() => {
      journal.close()
      kind.dispose()
    })

    it('is empty at first', () => {
      assert.equal(journal.position, 0)
      assert.deepEqual(journal.pending(), [])
      assert.deepEqual(journal.losses(), [])
      assert.equal(journal.read('order/1'), undefined)
      assert.equal(journal.recordAt('order/1', 5), undefined)
      assert.equal(journal.nextDueAt('timer'), undefined)
      assert.deepEqual(journal.due('retry', T0, 10), [])
      assert.deepEqual(owingAddresses(journal), [])
      assert.deepEqual(journal.entries('order/1', 0, 10), [])
      assert.deepEqual(journal.list({ limit: 10 }), [])
      assert.equal(journal.count({}), 0)
      assert.deepEqual([...journal.commits(0)], [])
    })

    it('refuses a commit that does not begin where the last one ended, and is as it was', async () => {
      await commit([{ address: 'order/1' }])
      const gap = new CommitMaker(7).make([{ address: 'order/2' }])
      await assert.rejects(journal.append(gap), /position 8: expected 2/)
      assert.equal(journal.position, 1)
      assert.equal(journal.read('order/2'), undefined)
      await commit([{ address: 'order/3' }])
      assert.equal(journal.position, 2)
    })

    it('refuses an entry without the record of its actor', async () => {
      const whole = maker.make([{ address: 'order/1' }])
      await assert.rejects(journal.append({ ...whole, records: [] }), /order\/1/)
      assert.equal(journal.position, 0)
    })

    for (const settled of [false, true])
      describe(settled ? 'settled' : 'not settled yet', () => {
        const settle = () => {
          if (settled) journal.settle()
        }

        it('gives back records and entries exactly as they went', async () => {
          const rich: Applied = {
            address: 'order/r%20x/pay',
            event: {
              type: 'RICH',
              when: new Date(T0),
              map: new Map([['a', { b: undefined }]]),
              big: 2n ** 80n,
              zero: -0,
              bytes: new Uint8Array([1, 2, 3]),
            },
            entry: {
              outcome: 'failed',
              error: { name: 'E', message: 'm', code: 'X', details: { n: 1 } },
              value: { paying: 'charging' },
              digest: 'abc',
            },
            record: {
              state: new Uint8Array(10_000).fill(3),
              child: {
                srcs: ['pay'],
                token: { actor: 'order/r%20x', incarnation: 1, id: 'pay', epoch: 1, task: 0, attempt: 1 },
                syncSnapshot: true,
              },
              timers: [{ number: 1, id: 't', dueAt: T0 + 5, event: { type: 'T', at: new Date(T0) } }],
              children: [{ id: 'c', src: 's', epoch: 2 }],
              terminated: 'because',
            },
          }
          const made = maker.make([rich, { address: 'order/2' }])
          await journal.append(made)
          settle()
          const { record } = made.records[0]!
          assert.deepStrictEqual(journal.read(rich.address), { record })
          assert.deepStrictEqual(journal.entries(rich.address, 0, 10), [made.entries[0]])
          assert.equal(Object.getPrototypeOf(journal.read(rich.address)!.record.state), Uint8Array.prototype)
        })

        it('keeps every kind of command', async () => {
          const token = { actor: 'order/1', incarnation: 1, id: 'i', epoch: 1, task: 0, attempt: 2 }
          const of = { commandId: 'c', target: 'order/1' }
          const commands: Command[] = [
            { ...of, kind: 'start', input: { a: 1 }, sender: 'order/9', at: T0, trace: '00-1-2-01' },
            {
              ...of,
              kind: 'message',
              event: { type: 'X' },
              start: { input: undefined },
              ask: { selector: 's', replyTo: token },
            },
            { ...of, kind: 'result', token, outcome: { status: 'done', output: new Set([1]) } },
            { ...of, kind: 'timer', timer: 3 },
            { ...of, kind: 'operator', order: { type: 'terminate', reason: 'r' } },
          ]
          const made = maker.make(
            commands.map(command => ({ address: 'order/1', entry: { command } })),
            { pending: commands },
          )
          await journal.append(made)
          settle()
          assert.deepStrictEqual(journal.entries('order/1', 0, 10), made.entries)
          assert.deepStrictEqual(journal.pending(), commands)
        })

        it('replaces the pending commands with each commit', async () => {
          const pending: Command[] = [{ kind: 'timer', commandId: 'p', target: 'order/1', timer: 1 }]
          await commit([{ address: 'order/1' }], { pending })
          settle()
          assert.deepStrictEqual(journal.pending(), pending)
          await commit([])
          settle()
          assert.deepStrictEqual(journal.pending(), [])
          assert.equal(journal.position, 1)
        })

        it('reads an actor as of its last commit', async () => {
          await commit([{ address: 'order/1' }, { address: 'order/2' }])
          settle()
          await commit([{ address: 'order/1' }, { address: 'order/1' }])
          settle()
          assert.equal(journal.read('order/1')?.record.seq, 3)
          assert.equal(journal.read('order/2')?.record.seq, 1)
          assert.equal(journal.read('order/3'), undefined)
        })

        it('pages through the history of one actor', async () => {
          for (let round = 0; round < 30; round++) {
            await commit([{ address: 'order/1' }, { address: 'order/2' }, { address: 'order/1' }])
            if (round % 7 === 0) settle()
          }
          settle()
          const all = journal.entries('order/1', 0, 1000)
          assert.deepEqual(
            all.map(entry => entry.seq),
            Array.from({ length: 60 }, (_, index) => index + 1),
          )
          assert.deepEqual(journal.entries('order/1', 17, 5), all.slice(17, 22))
          assert.deepEqual(journal.entries('order/1', 60, 5), [])
        })

        it('ends a page of history with the entry that reaches the bytes asked for', async () => {
          const event = { type: 'GO', text: 'x'.repeat(10_000) }
          for (let round = 0; round < 12; round++) {
            await commit([{ address: 'order/1', event }, { address: 'order/2' }])
            if (round === 5) settle()
          }
          settle()
          const seqs = (after: number, bytesMax?: number) =>
            journal.entries('order/1', after, 100, bytesMax).map(entry => entry.seq)
          assert.deepEqual(seqs(0, 25_000), [1, 2, 3])
          assert.deepEqual(seqs(3, 35_000), [4, 5, 6, 7])
          assert.deepEqual(seqs(0, 1), [1], 'one at least')
          assert.deepEqual(seqs(11, 1), [12])
          assert.deepEqual(seqs(12, 1), [], 'an empty page is the end')
          assert.equal(seqs(0).length, 12)
        })

        it('says who is due, earliest first, each kind by itself', async () => {
          await commit([
            { address: 'order/3', index: { timerDueAt: T0 + 30, retryDueAt: T0 + 1 } },
            { address: 'order/1', index: { timerDueAt: T0 + 10 } },
            { address: 'order/2', index: { timerDueAt: T0 + 20 } },
            { address: 'order/4', index: { timerDueAt: Number.POSITIVE_INFINITY } },
          ])
          settle()
          assert.equal(journal.nextDueAt('timer'), T0 + 10)
          assert.equal(journal.nextDueAt('retry'), T0 + 1)
          assert.deepEqual(journal.due('timer', T0 + 20, 10), [
            { address: 'order/1', dueAt: T0 + 10 },
            { address: 'order/2', dueAt: T0 + 20 },
          ])
          assert.deepEqual(journal.due('timer', T0 + 99, 1), [{ address: 'order/1', dueAt: T0 + 10 }])
          assert.deepEqual(journal.due('retry', T0, 10), [])
          assert.equal(journal.due('timer', Number.POSITIVE_INFINITY, 10).length, 3)
        })

        it('forgets a due time that a later commit moved or removed', async () => {
          await commit([
            { address: 'order/1', index: { timerDueAt: T0 + 10 } },
            { address: 'order/2', index: { timerDueAt: T0 + 20 } },
          ])
          settle()
          await commit([{ address: 'order/1' }])
          assert.equal(journal.nextDueAt('timer'), T0 + 20)
          settle()
          assert.equal(journal.nextDueAt('timer'), T0 + 20)
          await commit([{ address: 'order/2', index: { timerDueAt: T0 + 40 } }])
          assert.deepEqual(journal.due('timer', T0 + 99, 10), [{ address: 'order/2', dueAt: T0 + 40 }])
          await commit([{ address: 'order/2', index: { timerDueAt: T0 + 20 } }])
          settle()
          assert.deepEqual(journal.due('timer', T0 + 99, 10), [{ address: 'order/2', dueAt: T0 + 20 }])
        })

        it('lists and counts by type, state, tag, status and idleness', async () => {
          await commit([
            { address: 'order/1', index: { value: 'paying', tags: ['open', 'x'] } },
            { address: 'order/2', index: { value: { shipping: 'packed' }, tags: ['open'] } },
            {
              address: 'order/3',
              index: { value: { shipping: { sent: 'far' }, bill: 'due' } },
              at: T0 + 5_000,
            },
            { address: 'order/4', index: { value: 'done' }, record: { status: 'done' } },
            { address: 'orders/5', index: { value: 'paying' } },
            { address: 'stock/6', index: { value: undefined } },
          ])
          settle()
          await commit([{ address: 'order/4', index: { value: 'done' }, record: { status: 'done' } }])
          settle()
          const keys = (query: Parameters<Journal['count']>[0]) => {
            const found = journal.list({ ...query, limit: 100 }).map(actor => actor.address)
            assert.equal(journal.count(query), found.length)
            return found
          }
          assert.equal(keys({}).length, 6)
          assert.deepEqual(keys({ type: 'order' }), ['order/1', 'order/2', 'order/3', 'order/4'])
          assert.deepEqual(keys({ state: 'paying' }), ['order/1', 'orders/5'])
          assert.deepEqual(keys({ state: 'shipping' }), ['order/2', 'order/3'])
          assert.deepEqual(keys({ state: 'shipping.sent' }), ['order/3'])
          assert.deepEqual(keys({ state: 'ship' }), [])
          assert.deepEqual(keys({ tag: 'open' }), ['order/1', 'order/2'])
          assert.deepEqual(keys({ tag: 'open', state: 'paying' }), ['order/1'])
          assert.deepEqual(keys({ status: 'done' }), ['order/4'])
          assert.deepEqual(keys({ idleSince: T0 + 2 }), ['order/1', 'order/2'])
          assert.deepEqual(
            journal.list({ type: 'order', after: 'order/1', limit: 2 }).map(actor => actor.address),
            ['order/2', 'order/3'],
          )
          assert.deepStrictEqual(journal.list({ type: 'order', limit: 1 })[0], {
            address: 'order/1',
            value: 'paying',
            tags: ['open', 'x'],
            status: 'active',
            version: 'v1',
            seq: 1,
            at: T0 + 1,
          })
          assert.equal(journal.list({ type: 'stock', limit: 1 })[0]?.value, undefined)
        })

        it('keeps what is held back for a quarantined actor, and finds it among all', async () => {
          const held: Command[] = [
            { kind: 'message', commandId: 'm', target: 'order/2', event: { type: 'A', on: new Date(T0) } },
          ]
          const quarantine = { reason: 'differs', since: T0, held }
          await commit([
            { address: 'order/1' },
            { address: 'order/2', record: { quarantine }, index: { quarantined: true } },
          ])
          settle()
          assert.deepEqual(journal.read('order/2')?.record.quarantine, quarantine)
          const keys = (query: Parameters<Journal['count']>[0]) => {
            const found = journal.list({ ...query, limit: 100 })
            assert.equal(journal.count(query), found.length)
            return found.map(({ address, quarantined }) => [address, quarantined])
          }
          assert.deepEqual(keys({ quarantined: true }), [['order/2', true]])
          assert.deepEqual(keys({ quarantined: false }), [['order/1', undefined]])
          await commit([{ address: 'order/2' }])
          settle()
          assert.deepEqual(keys({ quarantined: true }), [])
          assert.equal(journal.read('order/2')?.record.quarantine, undefined)
        })

        it('lists and counts roots alone where that is asked', async () => {
          const children = ['order/1/pay', 'order/1/pay/card', 'order/a%2Fb/c%2Fd']
          const roots = ['order/1', 'order/10', 'order/a%2Fb', 'stock/1']
          await commit([...children, ...roots].map(address => ({ address })))
          settle()
          const keys = (query: Parameters<Journal['count']>[0]) => {
            const found = journal.list({ ...query, limit: 100 }).map(actor => actor.address)
            assert.equal(journal.count(query), found.length)
            return found
          }
          assert.deepEqual(keys({}), [...children, ...roots].sort())
          assert.deepEqual(keys({ roots: true }), roots)
          assert.deepEqual(keys({ roots: true, type: 'order' }), roots.slice(0, 3))
          assert.deepEqual(
            journal.list({ roots: true, after: 'order/1', limit: 2 }).map(actor => actor.address),
            roots.slice(1, 3),
          )
        })

        it('finds the newest record at or before a seq: the last one and two persisted snapshots', async () => {
          for (let seq = 1; seq <= 7; seq++) {
            await commit([{ address: 'order/1', persistSnapshot: seq <= 6 && seq % 2 === 0 }])
            if (seq === 5) settle()
          }
          settle()
          const seqAt = (seq: number) => journal.recordAt('order/1', seq)?.seq
          assert.equal(seqAt(99), 7)
          assert.equal(seqAt(7), 7)
          assert.equal(seqAt(6), 6)
          assert.equal(seqAt(5), 4)
          assert.equal(seqAt(3), undefined)
          assert.equal(journal.recordAt('order/2', 9), undefined)
        })

        it('gives back commits in order, as appended', async () => {
          const made: Commit[] = []
          for (let at = 0; at < 4; at++) {
            const position = maker.position + 1
            const published = [
              { address: 'order/1', seq: at + 1, position, at: T0, event: { type: 'P', at } },
            ]
            const commit = maker.make([{ address: 'order/1' }, { address: `order/x${at}` }], { published })
            await journal.append(commit)
            made.push(commit)
            if (at === 1) settle()
          }
          settle()
          const shape = ({ first, at, entries, published, deadLetters, settledLetters }: Commit) => ({
            first,
            at,
            entries,
            published,
            deadLetters,
            settledLetters,
          })
          const found = (after: number) => [...journal.commits(after)].map(({ records: _, ...rest }) => rest)
          assert.deepStrictEqual(found(0), made.map(shape))
          assert.deepStrictEqual(found(4), made.slice(2).map(shape))
          assert.deepStrictEqual(found(8), [])
        })
      })

    it('records the first fingerprint of a version and answers it ever after', () => {
      assert.equal(journal.fingerprint('order', '1', 'aaa'), 'aaa')
      assert.equal(journal.fingerprint('order', '1', 'bbb'), 'aaa')
      assert.equal(journal.fingerprint('order', '2', 'bbb'), 'bbb')
    })
  })
  keepingContract(name, kind)
  lettersContract(name, kind)
  owingContract(name, kind)
}
