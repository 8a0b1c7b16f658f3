import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import Database from 'better-sqlite3'
import { openJournal } from '../../../journal/index.js'
import { CommitMaker, T0 } from '../../support/journal-commits.js'
import { openForTest, temporaryDirectory } from '../../support/journal-files.js'
import { refusal } from '../../support/journal-refusal.js'
import { schema1 } from './schema-1.fixture.js'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory.remove())

describe('a journal of an older schema', () => {
  const makeOld = () => {
    onDatabase(db => {
      db.exec(schema1.sql)
      db.pragma(`application_id = ${schema1.applicationId}`)
      db.pragma('user_version = 1')
    })
    writeFileSync(join(directory.path, 'high-water'), schema1.highWater)
  }

  it('is migrated when it is opened, and everything in it is there', async () => {
    makeOld()
    const journal = openForTest(directory.path)
    assert.equal(journal.position, 7)
    assert.equal(journal.verifyChain(), 7)
    assert.equal(journal.read('order/1')?.record.seq, 4)
    assert.deepEqual(
      journal.entries('order/1', 0, 10).map(({ command }) => command.kind === 'message' && command.event),
      [...[1, 2, 3].map(i => ({ type: 'STEP', i, on: new Date(T0) })), { type: 'LAST' }],
    )
    assert.equal(journal.recordAt('order/1', 2)?.seq, 2)
    const [letter, ...more] = journal.deadLetters(undefined, 10)
    assert.deepEqual([letter?.id, more], ['000000000000-0001', []])
    assert.deepEqual(journal.deadLetter('000000000000-0001'), letter)
    assert.deepEqual(
      journal.counts().map(({ type, version, status, count }) => `${type}@${version} ${status} ${count}`),
      ['order@v1 active 1', 'stock@v1 active 1'],
    )
    assert.equal(journal.pending().length, 1)
    assert.equal(journal.fingerprint('order', 'v1', 'other'), 'f1')
    await journal.append(new CommitMaker(7).make([{ address: 'order/new' }]))
    journal.close()
    onDatabase(db => {
      assert.equal(db.pragma('user_version', { simple: true }), 9)
      assert.equal(db.prepare(`SELECT count(*) FROM history WHERE address = 'order/1'`).pluck().get(), 4)
    })
  })

  it('cannot be opened by a reader, which may not migrate it', () => {
    makeOld()
    assert.throws(
      () => openJournal({ path: directory.path, readOnly: true }),
      refusal('JournalTooOld', /schema 1/, { found: 1, known: 9 }),
    )
  })
})

describe('a journal of a newer schema', () => {
  it('is refused, naming both, and is not touched', () => {
    openForTest(directory.path).close()
    onDatabase(db => db.pragma('user_version = 99'))
    const tooNew = refusal('JournalTooNew', /schema 99.* up to 9/, { found: 99, known: 9 })
    assert.throws(() => openForTest(directory.path), tooNew)
    assert.throws(() => openJournal({ path: directory.path, readOnly: true }), tooNew)
    onDatabase(db => assert.equal(db.pragma('user_version', { simple: true }), 99))
    onDatabase(db => db.pragma('user_version = 9'))
    openForTest(directory.path).close()
  })
})

it("another program's database is refused and left alone", () => {
  onDatabase(db => db.exec('CREATE TABLE theirs (a)'))
  assert.throws(() => openForTest(directory.path), refusal('JournalCorrupt', /no Perdure journal/))
  onDatabase(db => assert.equal(db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get(), 1))
})

function onDatabase(work: (db: Database.Database) => void): void {
  const db = new Database(join(directory.path, 'journal.db'))
  try {
    work(db)
  } finally {
    db.close()
  }
}
