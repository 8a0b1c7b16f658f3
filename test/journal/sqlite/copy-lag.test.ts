/**
 * A copy of a log: what that made durable is known here at once, and written by a thread soon after, several commits
 * as one. As long as a test does not await, nothing the thread tells is heard.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { SetupError } from '../../../actors/errors.js'
import type { LogPosition } from '../../../actors/journal.js'
import { MemoryJournal, openJournal, type SqliteJournal, type WriterOptions } from '../../../journal/index.js'
import { CopyLag } from '../../../journal/sqlite/copy-lag.js'
import { assertAlike } from '../../support/journal-alike.js'
import { type Applied, type CommitExtras, CommitMaker } from '../../support/journal-commits.js'
import { copyJournal, openForTest, temporaryDirectory } from '../../support/journal-files.js'

const ADDRESSES = ['order/1', 'order/2', 'order/3']
const FOREVER_MS = 1_000_000
const COMMITS = 9

let path = ''
let remove = () => {}
let journal: SqliteJournal
let model: MemoryJournal
let maker: CommitMaker

beforeEach(() => {
  const directory = temporaryDirectory()
  path = directory.path
  remove = directory.remove
  model = new MemoryJournal()
  maker = new CommitMaker()
})
afterEach(() => {
  journal.close()
  remove()
})

function open(options: Partial<WriterOptions> = {}): void {
  journal = openForTest(path, { ownThread: true, durability: 'normal', ...options })
}

const logged = (sequence: number): LogPosition => ({ incarnation: 1, sequence, hash: `hash ${sequence}` })

async function commit(applied: readonly Applied[], extras?: CommitExtras): Promise<void> {
  const made = maker.make(applied, extras)
  await Promise.all([model.append(made, logged(made.first)), journal.append(made, logged(made.first))])
}

async function commitSome(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await commit([{ address: ADDRESSES[at % ADDRESSES.length]! }])
}

function onDisk<T>(look: (reader: SqliteJournal) => T): T {
  const reader = openJournal({ path, readOnly: true })
  try {
    return look(reader)
  } finally {
    reader.close()
  }
}

describe('commits that a log holds', () => {
  it('are known before they are written, in every answer', async () => {
    open({ limits: { copyHeldMs: FOREVER_MS } })
    await commitSome(COMMITS)
    assert.equal(
      onDisk(reader => reader.position),
      0,
    )
    assertAlike(journal, model, ADDRESSES)
    assert.deepEqual(journal.logPosition, logged(COMMITS))
    assert.deepEqual(
      [...journal.commits(0)].map(({ first }) => first),
      Array.from({ length: COMMITS }, (_, at) => at + 1),
    )
  })

  it('are written soon, though nothing comes after them', async () => {
    open({ limits: { copyHeldMs: 20 } })
    await commitSome(COMMITS)
    while (onDisk(reader => reader.position) < COMMITS) await new Promise(resolve => setTimeout(resolve, 5))
    assertAlike(journal, model, ADDRESSES)
  })

  it('are written when it is closed, and when rows are asked for', async () => {
    open({ limits: { copyHeldMs: FOREVER_MS } })
    await commitSome(4)
    journal.settle()
    while (journal.unsettled().segments > 0) await new Promise(resolve => setTimeout(resolve, 5))
    assertAlike(journal, model, ADDRESSES)
    await commitSome(COMMITS)
    journal.close()
    open()
    assertAlike(journal, model, ADDRESSES)
    assert.equal(journal.verifyChain(), 4 + COMMITS)
  })

  it('wait once too many are not written', async () => {
    open({ limits: { copyHeldMs: FOREVER_MS, copyHeldCommitsMax: 2 } })
    const seen: number[] = []
    for (let at = 0; at < COMMITS; at++) {
      await commitSome(1)
      seen.push(COMMITS - onDisk(reader => reader.position) - (COMMITS - at - 1))
    }
    assert.ok(Math.max(...seen) <= 4, `behind: ${seen}`)
    assertAlike(journal, model, ADDRESSES)
  })

  it('are settled in shares while others come', async () => {
    open({ limits: { unsettledSegmentsMax: 4, settleSliceEntriesMax: 1, copyHeldCommitsMax: 3 } })
    for (let round = 0; round < 10; round++) {
      await commitSome(COMMITS)
      assertAlike(journal, model, ADDRESSES)
    }
    journal.close()
    open()
    assertAlike(journal, model, ADDRESSES)
  })
})

describe('a copy whose process dies', () => {
  it('stands where the log was at some whole commit, and goes on from there', async () => {
    open({ limits: { copyHeldMs: FOREVER_MS, copyHeldCommitsMax: 4 } })
    await commitSome(COMMITS)
    const crashed = temporaryDirectory()
    copyJournal(path, crashed.path)
    const later = openForTest(crashed.path, { ownThread: true, durability: 'normal' })
    const { position } = later
    assert.ok(position < COMMITS)
    assert.deepEqual(later.logPosition, position === 0 ? undefined : logged(position))
    assert.equal(later.verifyChain(), position)
    // What is read again from the log.
    const again = new CommitMaker()
    for (let at = 0; at < COMMITS; at++) {
      const made = again.make([{ address: ADDRESSES[at % ADDRESSES.length]! }])
      if (made.first > position) await later.append(made, logged(made.first))
    }
    assertAlike(later, model, ADDRESSES)
    later.close()
    crashed.remove()
  })
})

describe('a copy without room', () => {
  it('keeps what it knows, and takes in no more than it may be behind', async () => {
    open({ bytesMax: 600_000, limits: { copyHeldMs: FOREVER_MS, copyHeldCommitsMax: 2 } })
    const isFull = { code: 'JournalFull' }
    const event = { type: 'GO', text: 'x'.repeat(400_000) }
    let known = 0
    await assert.rejects(async () => {
      for (; known < COMMITS; known++) await commit([{ address: 'order/1', event }])
    }, isFull)
    assert.ok(known >= 1 && known <= 5, `known: ${known}`)
    assert.equal(journal.position, known)
    assert.equal(journal.read('order/1')?.record.seq, known)
    const refused = new CommitMaker(known).make([{ address: 'order/3' }])
    await assert.rejects(journal.append(refused, logged(refused.first)), isFull)
    assert.equal(journal.position, known)
    assert.ok(onDisk(reader => reader.position) < known)
  })

  it('goes on once there is room', async () => {
    const lag = new CopyLag({ copyHeldCommitsMax: 1, copyHeldBytesMax: 1_000 })
    const bytes = Buffer.alloc(10)
    lag.sent({ number: 1, first: 1, last: 1, at: 0, entries: bytes, records: bytes })
    assert.equal(lag.isLong, false)
    assert.equal(lag.refused(new SetupError('JournalFull', 'no room')), undefined)
    assert.equal(lag.isLong, true)
    const turn = lag.shorter()
    lag.written(1)
    await turn
    assert.ok(lag.isNone && !lag.isLong)
  })

  it('says what else keeps it from being written', () => {
    const lag = new CopyLag({ copyHeldCommitsMax: 1, copyHeldBytesMax: 1_000 })
    const why = new Error('the disk is gone')
    assert.equal(lag.refused(why), undefined, 'nothing was behind')
    lag.sent({ number: 1, first: 1, last: 1, at: 0, entries: Buffer.alloc(1), records: Buffer.alloc(1) })
    assert.equal(lag.refused(why), why)
  })
})
