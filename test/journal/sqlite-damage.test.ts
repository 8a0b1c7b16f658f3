/** Issue by issue, what a bad disk does to a journal: recovered as designed or refused, never silently shorter. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { SetupError } from '../../actors/errors.js'
import { type Damage, openJournal } from '../../journal/index.js'
import { runs } from '../support/effort.js'
import { CommitMaker } from '../support/journal-commits.js'
import {
  copyJournal,
  flipByte,
  flipEvery,
  openForTest,
  tearWal,
  temporaryDirectory,
  walSize,
} from '../support/journal-files.js'
import { refusal } from '../support/journal-refusal.js'

/** States that can be found again in a file. */
const stateOf = (seq: number) => Buffer.from(`<state of order/1 at seq ${seq}>`)

describe('a damaged journal', () => {
  let path: string
  let copy: string
  let removeAll: () => void
  const journalFile = () => join(path, 'journal.db')

  beforeEach(() => {
    const directory = temporaryDirectory()
    const other = temporaryDirectory()
    path = directory.path
    copy = other.path
    removeAll = () => {
      directory.remove()
      other.remove()
    }
  })
  afterEach(() => removeAll())

  /** Ten entries of one actor, persisted snapshots at 4 and 8, closed. */
  async function makeJournal(): Promise<void> {
    const journal = openForTest(path)
    const maker = new CommitMaker()
    for (let seq = 1; seq <= 10; seq++)
      await journal.append(
        maker.make([
          {
            address: 'order/1',
            event: { type: 'STEP', mark: `<event ${seq}>` },
            record: { state: new Uint8Array(stateOf(seq)) },
            persistSnapshot: seq === 4 || seq === 8,
          },
        ]),
      )
    journal.close()
  }

  describe('with a flipped byte in a record', () => {
    it('gives the newer persisted snapshot, says what is missing, and reports', async () => {
      await makeJournal()
      flipEvery(journalFile(), stateOf(10))
      const damages: Damage[] = []
      const journal = openForTest(path, { onDamage: damage => damages.push(damage) })
      const stored = journal.read('order/1')
      assert.equal(stored?.record.seq, 8)
      assert.deepEqual(Buffer.from(stored.record.state), stateOf(8))
      assert.equal(stored.stale?.seq, 10)
      assert.deepEqual(
        damages.map(({ what, address, seq }) => ({ what, address, seq })),
        [{ what: 'record', address: 'order/1', seq: 10 }],
      )
      // What is to be folded onto it is there.
      assert.deepEqual(
        journal.entries('order/1', 8, 10).map(entry => entry.seq),
        [9, 10],
      )
      journal.close()
    })

    it('gives the older snapshot when the newer is damaged too', async () => {
      await makeJournal()
      flipEvery(journalFile(), stateOf(10))
      flipEvery(journalFile(), stateOf(8))
      const damages: Damage[] = []
      const journal = openForTest(path, { onDamage: damage => damages.push(damage) })
      assert.equal(journal.read('order/1')?.record.seq, 4)
      assert.deepEqual(
        damages.map(({ what, seq }) => [what, seq]),
        [
          ['record', 10],
          ['snapshot', 8],
        ],
      )
      journal.close()
    })

    it('refuses to answer for an actor of which nothing is whole, by name, and only for that one', async () => {
      await makeJournal()
      const more = openForTest(path)
      await more.append(new CommitMaker(10).make([{ address: 'order/2' }]))
      more.close()
      for (const seq of [4, 8, 10]) flipEvery(journalFile(), stateOf(seq))
      const journal = openForTest(path)
      assert.throws(() => journal.read('order/1'), refusal('JournalCorrupt', /order\/1/))
      assert.equal(journal.read('order/2')?.record.seq, 1)
      journal.close()
    })

    it('reports a damaged persisted snapshot that is asked for, and skips it', async () => {
      await makeJournal()
      flipEvery(journalFile(), stateOf(8))
      const damages: Damage[] = []
      const journal = openForTest(path, { onDamage: damage => damages.push(damage) })
      assert.equal(journal.read('order/1')?.record.seq, 10)
      assert.deepEqual(damages, [])
      assert.equal(journal.recordAt('order/1', 9)?.seq, 4)
      assert.deepEqual(
        damages.map(({ what, seq }) => [what, seq]),
        [['snapshot', 8]],
      )
      journal.close()
    })
  })

  describe('with commits that say only what changed of a state', () => {
    const large = (seq: number) =>
      new Uint8Array(Buffer.concat([stateOf(seq), Buffer.alloc(50_000, 'the same all through')]))

    /** As a crash leaves it: entries 1 to 5 in rows, a persisted snapshot at 3, and the commit of 6 made against the row. */
    async function makePatched(): Promise<void> {
      const limits = { unsettledSegmentsMax: 5, walBytesMax: 1 }
      const journal = openForTest(path, { limits })
      const maker = new CommitMaker()
      for (let seq = 1; seq <= 6; seq++)
        await journal.append(
          maker.make([{ address: 'order/1', record: { state: large(seq) }, persistSnapshot: seq === 3 }]),
        )
      assert.equal(journal.unsettled().segments, 1)
      assert.ok(journal.unsettled().bytes < 2_000, `${journal.unsettled().bytes} bytes of a commit`)
      copyJournal(path, copy)
      journal.close()
    }

    it('puts it together again, for who writes and for who reads beside it, and in rows', async () => {
      await makePatched()
      const journal = openForTest(copy)
      const read = (one: typeof journal) => Buffer.from(one.read('order/1')!.record.state)
      assert.deepEqual(read(journal), Buffer.from(large(6)))
      const reader = openJournal({ path: copy, readOnly: true })
      assert.deepEqual(read(reader), Buffer.from(large(6)))
      reader.close()
      journal.settle()
      assert.deepEqual(read(journal), Buffer.from(large(6)))
      assert.deepEqual(Buffer.from(journal.recordAt('order/1', 4)!.state), Buffer.from(large(3)))
      journal.close()
    })

    it('puts it together again where a crash left rows of a part of what was being settled', async () => {
      const limits = { unsettledSegmentsMax: 4, settleSliceEntriesMax: 1 }
      const journal = openForTest(path, { limits })
      const maker = new CommitMaker()
      const addresses = ['order/1', 'order/2']
      // At 5 the first four begin to be settled, one actor a commit; at 9 the next four.
      const step = (touched: readonly string[], seq: number) =>
        journal.append(maker.make(touched.map(address => ({ address, record: { state: large(seq) } }))))
      for (let seq = 1; seq <= 8; seq++) await step(addresses, seq)
      await step(['order/3'], 1)
      assert.equal(journal.unsettled().segments, 5)
      copyJournal(path, copy)
      journal.close()
      const opened = openForTest(copy)
      for (const address of addresses)
        assert.deepEqual(Buffer.from(opened.read(address)!.record.state), Buffer.from(large(8)))
      opened.close()
    })

    it('shows the records of the commits that are walked', async () => {
      const journal = openForTest(path)
      const maker = new CommitMaker()
      for (let seq = 1; seq <= 3; seq++)
        await journal.append(maker.make([{ address: 'order/1', record: { state: large(seq) } }]))
      assert.deepEqual(
        [...journal.commits(0)].flatMap(commit => commit.records.map(({ state }) => Buffer.from(state))),
        [1, 2, 3].map(seq => Buffer.from(large(seq))),
      )
      journal.close()
    })

    it('gives the persisted snapshot when the row it was made against is damaged, settled or not', async () => {
      await makePatched()
      flipEvery(join(copy, 'journal.db'), stateOf(5))
      const damages: Damage[] = []
      const journal = openForTest(copy, { onDamage: damage => damages.push(damage) })
      for (const settled of [false, true]) {
        if (settled) journal.settle()
        const stored = journal.read('order/1')
        assert.equal(stored?.record.seq, 3)
        assert.equal(stored.stale?.seq, 6)
        assert.deepEqual(
          journal.entries('order/1', 3, 10).map(entry => entry.seq),
          [4, 5, 6],
        )
        assert.deepEqual(damages.at(-1), {
          what: 'record',
          address: 'order/1',
          seq: 6,
          reason: damages.at(-1)?.reason,
        })
      }
      journal.close()
    })
  })

  describe('with a flipped byte in a commit', () => {
    it('names the position wherever the commit is read', async () => {
      await makeJournal()
      flipEvery(journalFile(), Buffer.from('<event 7>'))
      const journal = openForTest(path)
      const named = refusal('JournalCorrupt', /positions 7 to 7/, { from: 7, to: 7 })
      assert.throws(() => journal.verifyChain(), named)
      assert.throws(() => [...journal.commits(0)], named)
      assert.throws(() => journal.entries('order/1', 0, 10), named)
      assert.equal(journal.entries('order/1', 7, 10).length, 3)
      assert.equal(journal.read('order/1')?.record.seq, 10)
      journal.close()
    })

    it('is refused at opening when the commit is not settled yet', async () => {
      const journal = openForTest(path, { limits: { walBytesMax: 1 } })
      const maker = new CommitMaker()
      for (let seq = 1; seq <= 5; seq++)
        await journal.append(
          maker.make([{ address: 'order/1', event: { type: 'E', mark: `<event ${seq}>` } }]),
        )
      copyJournal(path, copy)
      journal.close()
      flipEvery(join(copy, 'journal.db'), Buffer.from('<event 3>'))
      assert.throws(() => openForTest(copy), refusal('JournalCorrupt', /positions 3 to 3/))
    })

    it('names the position when the chain itself was edited', async () => {
      await makeJournal()
      const { hash } = await chainOf(path, 6)
      flipEvery(journalFile(), hash)
      const journal = openForTest(path)
      assert.throws(() => journal.verifyChain(), refusal('JournalCorrupt', /positions 6 to 6/))
      journal.close()
    })
  })

  it('is refused with the lost range wherever its write-ahead log is cut, until the loss is accepted', async () => {
    const journal = openForTest(path)
    const maker = new CommitMaker()
    for (let at = 1; at <= 12; at++) {
      await journal.append(maker.make([{ address: `order/${at % 3}` }, { address: 'order/x' }]))
      if (at === 6) journal.settle()
    }
    copyJournal(path, copy)
    journal.close()
    const whole = openForTest(copy)
    assert.equal(whole.position, 24)
    whole.close()
    const cuts = runs(40)
    for (let cut = 0; cut < cuts; cut++) {
      const torn = join(path, 'torn')
      rmSync(torn, { recursive: true, force: true })
      const again = openForTest(join(path, 'live'))
      const making = new CommitMaker(again.position)
      for (let at = 0; at < 5; at++) await again.append(making.make([{ address: `order/${at}` }]))
      copyJournal(join(path, 'live'), torn)
      const length = walSize(torn)
      const reached = again.position
      again.close()
      tearWal(torn, Math.floor((length * cut) / cuts))
      const error = thrownBy(() => openForTest(torn))
      assert.ok(error instanceof SetupError, `cut ${cut}: ${error}`)
      assert.equal(error.code, 'JournalTruncated')
      assert.equal(error.details.to, reached)
      const accepted = openForTest(torn, { acceptLoss: true })
      assert.equal(accepted.position, (error.details.from as number) - 1)
      assert.ok(accepted.position < reached)
      assert.equal(accepted.verifyChain(), accepted.position)
      await accepted.append(new CommitMaker(accepted.position).make([{ address: 'order/after' }]))
      accepted.close()
      // Said once: from here on it is as whole as any.
      openForTest(torn).close()
    }
  })

  it('is refused when the database is gone but the high-water mark is not', async () => {
    await makeJournal()
    rmSync(journalFile())
    assert.throws(() => openForTest(path), refusal('JournalTruncated', /10/, { from: 1, to: 10 }))
  })

  it('is refused when another journal stands in its place', async () => {
    await makeJournal()
    const other = openForTest(copy)
    const maker = new CommitMaker()
    for (let at = 0; at < 12; at++) await other.append(maker.make([{ address: 'order/9' }]))
    other.close()
    writeFileSync(journalFile(), readFileSync(join(copy, 'journal.db')))
    assert.throws(() => openForTest(path), refusal('JournalTruncated', /not the one/))
  })

  it('is refused without its high-water mark, and has one again once that is accepted', async () => {
    await makeJournal()
    rmSync(join(path, 'high-water'))
    assert.throws(() => openForTest(path), refusal('JournalTruncated', /missing/))
    openForTest(path, { acceptLoss: true }).close()
    openForTest(path).close()
  })

  it('survives a torn write of the mark, and is refused when both slots are damaged', async () => {
    await makeJournal()
    const mark = join(path, 'high-water')
    flipByte(mark, 30)
    openForTest(path).close()
    flipByte(mark, 30)
    flipByte(mark, 4096 + 30)
    assert.throws(() => openForTest(path), refusal('JournalTruncated', /damaged/))
  })

  it('is refused when the file is no journal at all', async () => {
    await makeJournal()
    const size = statSync(journalFile()).size
    writeFileSync(journalFile(), Buffer.alloc(size, 'x'))
    assert.throws(() => openForTest(path), refusal('JournalCorrupt', /damaged/))
  })
})

/** The chain hash of a segment, straight from the file. */
async function chainOf(path: string, number: number): Promise<{ hash: Buffer }> {
  const { default: Database } = await import('better-sqlite3')
  const db = new Database(join(path, 'journal.db'), { readonly: true })
  const found = db.prepare('SELECT hash FROM segment WHERE number = ?').get(number) as { hash: Buffer }
  db.close()
  return found
}

function thrownBy(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}
