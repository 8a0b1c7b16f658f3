/**
 * A journal with a thread of its own to write: what the two see of each other, and what becomes of one without the
 * other. As long as a test does not await, nothing the thread tells is heard: that is how it is held back here.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { JournalThread, MemoryJournal, openJournal, type SqliteJournal } from '../../../journal/index.js'
import { assertAlike } from '../../support/journal-alike.js'
import { type Applied, type CommitExtras, CommitMaker, T0 } from '../../support/journal-commits.js'
import { openForTest, temporaryDirectory, walSize } from '../../support/journal-files.js'
import { refusal } from '../../support/journal-refusal.js'

const ADDRESSES = ['order/1', 'order/2', 'order/2/pay', 'stock/a']
const HELD_MS_MAX = 20_000

let path = ''
let remove = () => {}
let journal: SqliteJournal
let started: Promise<unknown[]>
let model: MemoryJournal
let maker: CommitMaker

beforeEach(() => {
  const directory = temporaryDirectory()
  path = directory.path
  remove = directory.remove
  started = once(process, 'worker')
  journal = openForTest(path, { ownThread: true, limits: { settleSliceEntriesMax: 1 } })
  model = new MemoryJournal()
  maker = new CommitMaker()
})
afterEach(() => {
  journal.close()
  remove()
})

async function commit(applied: readonly Applied[], extras?: CommitExtras): Promise<void> {
  const made = maker.make(applied, extras)
  await Promise.all([model.append(made), journal.append(made)])
}

/** Waits until another connection sees it, and hears nothing meanwhile. */
function holdUntil(isSo: (reader: SqliteJournal) => boolean): void {
  const reader = openJournal({ path, readOnly: true })
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const endAt = Date.now() + HELD_MS_MAX
  while (!isSo(reader)) {
    assert.ok(Date.now() < endAt, 'the thread does not come to it')
    Atomics.wait(pause, 0, 0, 5)
  }
  reader.close()
}

const letter = (position: number) => ({
  position,
  at: T0,
  command: { kind: 'timer' as const, commandId: 't', target: 'order/1', timer: position },
  error: { name: 'E', message: 'm' },
})
const settles = (id: string) => ({ settledLetters: [{ id, how: 'dropped' as const, reason: 'r' }] })

describe('rows that are newer than who reads has been told', () => {
  it('change no answer: nothing is doubled, lost, or seen too early', async () => {
    const due = { timerDueAt: T0 + 1, retryDueAt: T0 + 2, owes: true }
    await commit([{ address: 'order/1', index: due }, { address: 'order/2' }], { deadLetters: [letter(1)] })
    await commit([{ address: 'stock/a', persistSnapshot: true }], { deadLetters: [letter(3)] })
    const old = journal.deadLetters(undefined, 1)[0]!.id
    journal.settle()
    holdUntil(reader => reader.unsettled().segments === 0)
    assert.equal(journal.unsettled().segments, 2, 'it has not been told')
    assertAlike(journal, model, ADDRESSES)
    await commit([{ address: 'order/1', record: { status: 'done' }, index: { value: 'b' } }])
    await commit([{ address: 'order/2/pay', index: due }], settles(old))
    await commit([{ address: 'order/1' }, { address: 'stock/a' }], { deadLetters: [letter(6)] })
    const young = journal.deadLetters(undefined, 10).at(-1)!.id
    await commit([], settles(young))
    assertAlike(journal, model, ADDRESSES)
    journal.settle()
    holdUntil(reader => reader.unsettled().segments === 0)
    assert.ok(journal.unsettled().segments > 0, 'it has not been told')
    assertAlike(journal, model, ADDRESSES)
    assert.deepEqual(journal.ended('order', T0 + 1_000, 10), model.ended('order', T0 + 1_000, 10))
    assert.equal(journal.prune('order/1', 100), model.prune('order/1', 100))
    assert.equal(journal.unsettled().segments, 0)
    assertAlike(journal, model, ADDRESSES)
  })
})

describe('a commit on its way', () => {
  it('is not seen before it has resolved, though it is durable', async () => {
    await commit([{ address: 'order/1' }], { deadLetters: [letter(1)] })
    const made = maker.make([{ address: 'order/1' }, { address: 'order/2' }], { deadLetters: [letter(2)] })
    const landed = journal.append(made)
    holdUntil(reader => reader.position === 3)
    // A pause that is none: nothing of the commit may become rows yet.
    journal.settle()
    assertAlike(journal, model, ADDRESSES)
    assert.equal([...journal.commits(0)].length, 1)
    await assert.rejects(journal.append(made), /while that at 2 is on its way/)
    await landed
    await model.append(made)
    assertAlike(journal, model, ADDRESSES)
    assert.equal([...journal.commits(0)].length, 2)
  })

  it('lands before what is waited for is answered', async () => {
    const made = maker.make([{ address: 'order/1' }])
    const landed = journal.append(made)
    assert.equal(journal.fingerprint('order', '1', 'f'), 'f')
    assert.equal(journal.position, 1)
    await landed
    await model.append(made)
    assertAlike(journal, model, ADDRESSES)
  })

  it('does not keep a backup from being made, of whole commits', async () => {
    await commit([{ address: 'order/1' }, { address: 'order/2' }])
    const landed = journal.append(maker.make([{ address: 'order/1' }]))
    await journal.backup(join(path, 'copy'))
    await landed
    const copy = openJournal({ path: join(path, 'copy'), readOnly: true })
    assert.ok(copy.position >= 2)
    assert.equal(copy.verifyChain(), copy.position)
    copy.close()
  })

  it('is there when the journal is closed meanwhile', async () => {
    const landed = journal.append(maker.make([{ address: 'order/1' }]))
    journal.close()
    await landed
    journal = openForTest(path, { ownThread: true })
    assert.equal(journal.position, 1)
    assert.equal(journal.wasKilled, false)
    assert.equal(journal.unsettled().segments, 0)
  })
})

describe('a thread that writes', () => {
  it('settles in pauses, and leaves no long write-ahead log behind', async () => {
    journal.close()
    journal = openForTest(path, { ownThread: true, limits: { walPauseBytesMax: 1 } })
    for (let at = 0; at < 30; at++) await commit([{ address: `order/${at % 3}` }])
    journal.settle()
    while (journal.unsettled().segments > 0 || walSize(path) > 0)
      await new Promise(resolve => setTimeout(resolve, 5))
    assertAlike(journal, model, ADDRESSES)
  })

  it('keeps what is unsettled within its bounds, however fast commits come', async () => {
    journal.close()
    const limits = { unsettledSegmentsMax: 4, settleSliceEntriesMax: 1 }
    journal = openForTest(path, { ownThread: true, limits })
    for (let at = 0; at < 60; at++) {
      await commit([{ address: `order/${at}` }, { address: `order/${at % 7}` }])
      assert.ok(journal.unsettled().segments <= 9, `${journal.unsettled().segments} are unsettled`)
    }
  })

  it('fails what is asked of it once it cannot go on, with a name, and loses nothing', async () => {
    await commit([{ address: 'order/1' }])
    await commit([{ address: 'order/2' }])
    // What it finds when it comes to settle makes it give up.
    execFileSync(process.execPath, ['-e', DROP_A_TABLE, join(path, 'journal.db')], {
      cwd: new URL('../../../../', import.meta.url),
    })
    journal.settle()
    const failed = /no such table/
    let made = maker.make([{ address: 'order/1' }])
    await assert.rejects(async () => {
      for (;;) {
        await journal.append(made)
        await model.append(made)
        made = maker.make([{ address: 'order/1' }])
      }
    }, failed)
    await assert.rejects(journal.append(made), failed)
    assert.throws(() => journal.forget('order/1'), failed)
    assert.throws(() => journal.fingerprint('order', 'new', 'f'), failed)
    assertAlike(journal, model, ADDRESSES)
  })

  it('that ends rejects the commit on its way, and all after it, with a name', async () => {
    const [worker] = (await started) as [Worker]
    await commit([{ address: 'order/1' }])
    const ended = worker.terminate()
    const lost = journal.append(maker.make([{ address: 'order/1' }]))
    await assert.rejects(lost, refusal('JournalFailed', /gone/))
    await ended
    await assert.rejects(journal.append(maker.make([])), refusal('JournalFailed', /gone/))
    assert.throws(() => journal.prune('order/1', 1), refusal('JournalFailed', /gone/))
    assert.equal(journal.read('order/1')?.record.seq, 1, 'what was read before can be read')
    journal.settle()
    journal.close()
    journal = openForTest(path)
    assert.ok(journal.position >= 1)
    assert.equal(journal.verifyChain(), journal.position)
  })

  it('keeps no process alive, but for a commit on its way, and loads nothing of the program besides', () => {
    const preloaded = join(path, 'preloaded.cjs')
    writeFileSync(preloaded, "console.log('loaded')")
    const program = `
      const { openJournal } = await import(${JSON.stringify(new URL('../../../journal/index.js', import.meta.url).href)})
      const { CommitMaker } = await import(${JSON.stringify(new URL('../../support/journal-commits.js', import.meta.url).href)})
      const holder = { pid: 1, host: 'h', since: 0, program: 'p' }
      const journal = openJournal({ path: ${JSON.stringify(join(path, 'other'))}, holder, ownThread: true })
      await journal.append(new CommitMaker().make([{ address: 'order/1' }]))
      console.log('durable')`
    const env = { ...process.env, NODE_OPTIONS: `--require ${preloaded}` }
    const args = ['--input-type=module', '-e', program]
    const said = execFileSync(process.execPath, args, { timeout: 30_000, env })
    assert.equal(String(said).trim(), 'loaded\ndurable')
  })
})

describe('a thread that writes several journals', () => {
  const shared = new JournalThread()
  const openedBeside = (name: string) =>
    openForTest(join(path, name), { sharedThread: shared, limits: { unsettledSegmentsMax: 4 } })

  it('writes each as it was given, whatever the others are at', async () => {
    const sides = ['a', 'b', 'c'].map(name => ({
      name,
      journal: openedBeside(name),
      model: new MemoryJournal(),
      maker: new CommitMaker(),
    }))
    for (let round = 0; round < 20; round++)
      await Promise.all(
        sides.map(async (side, index) => {
          const made = side.maker.make([{ address: ADDRESSES[(round + index) % ADDRESSES.length]! }])
          await Promise.all([side.journal.append(made), side.model.append(made)])
          if (round % 5 === index) side.journal.settle()
          if (round % 7 === index)
            assert.equal(side.journal.fingerprint('order', `${round}`, side.name), side.name)
        }),
      )
    for (const side of sides) {
      assertAlike(side.journal, side.model, ADDRESSES)
      side.journal.close()
      const again = openedBeside(side.name)
      assertAlike(again, side.model, ADDRESSES)
      assert.equal(again.verifyChain(), 20)
      again.close()
    }
    await shared.end()
  })

  it('goes on with the others when one of them cannot go on', async () => {
    const broken = openedBeside('broken')
    const whole = openedBeside('whole')
    await broken.append(new CommitMaker().make([{ address: 'order/1' }]))
    execFileSync(process.execPath, ['-e', DROP_A_TABLE, join(path, 'broken', 'journal.db')], {
      cwd: new URL('../../../../', import.meta.url),
    })
    assert.throws(() => broken.forget('order/1'), /no such table/)
    const others = new CommitMaker()
    await whole.append(others.make([{ address: 'order/1' }]))
    await whole.append(others.make([{ address: 'order/1' }]))
    assert.equal(whole.read('order/1')?.record.seq, 2)
    broken.close()
    whole.close()
    await shared.end()
  })

  it('that ends tells all of them, and another is begun for those that are opened next', async () => {
    const journals = ['a', 'b'].map(openedBeside)
    await Promise.all(journals.map(one => one.append(new CommitMaker().make([{ address: 'order/1' }]))))
    await shared.end()
    for (const one of journals) {
      await assert.rejects(one.append(new CommitMaker().make([])), refusal('JournalFailed', /gone/))
      one.close()
    }
    const again = openedBeside('a')
    assert.equal(again.position, 1)
    again.close()
    await shared.end()
  })
})

/** As anyone with SQLite could. */
const DROP_A_TABLE = "const D = require('better-sqlite3'); new D(process.argv[1]).exec('DROP TABLE fact')"
