/** A journal's backup and its restore: whole or not at all, whatever is in the way. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { MemoryJournal, openJournal, restoreJournal } from '../../journal/index.js'
import { CommitMaker } from '../support/journal-commits.js'
import { flipByte, flipEvery, openForTest, temporaryDirectory } from '../support/journal-files.js'
import { refusal } from '../support/journal-refusal.js'

const filler = (n: number) => ({ type: 'FILL', n, text: `${n} `.repeat(2_000) })

let root = ''
let remove = () => {}
const at = (name: string) => join(root, name)

beforeEach(() => {
  const directory = temporaryDirectory()
  root = directory.path
  remove = directory.remove
})
afterEach(() => remove())

/** A journal of forty commits, half of them in rows, with a letter and a command pending. */
async function journalIn(path: string) {
  const journal = openForTest(path)
  const maker = new CommitMaker()
  for (let n = 1; n <= 40; n++) {
    const address = `order/${n % 7}`
    const command = { kind: 'message', commandId: `c${n}`, target: address, event: filler(n) } as const
    await journal.append(
      maker.make([{ address, event: filler(n), persistSnapshot: n % 5 === 0 }], {
        pending: n === 40 ? [command] : [],
        deadLetters:
          n % 20 === 0 ? [{ position: n, at: n, command, error: { name: 'E', message: 'm' } }] : [],
      }),
    )
    if (n === 20) journal.settle()
  }
  return { journal, maker }
}

/** All that can be asked of a journal. */
function everything(path: string) {
  const journal = openJournal({ path, readOnly: true })
  const { position } = journal
  const all = {
    position,
    pending: journal.pending(),
    letters: journal.deadLetters(undefined, 100),
    counts: journal.counts(),
    commits: [...journal.commits(0)].map(({ records: _, ...one }) => one),
    actors: journal.list({ limit: 100 }),
    records: Array.from({ length: 7 }, (_, n) => journal.read(`order/${n}`)),
    chain: journal.verifyChain(),
  }
  journal.close()
  return all
}

describe('a backup', () => {
  for (const held of [true, false])
    it(`of a journal ${held ? 'that a process has' : 'at rest'} restores to the same`, async () => {
      const { journal } = await journalIn(at('data'))
      if (!held) journal.close()
      const from = held ? journal : openJournal({ path: at('data'), readOnly: true })
      const was = everything(at('data'))
      const made = await from.backup(at('backup'))
      assert.equal(made.position, 40)
      assert.ok(made.bytes > 100_000)
      from.close()
      assert.deepEqual(await restoreJournal(at('backup'), at('restored')), made)
      assert.deepEqual(everything(at('restored')), was)
      assert.deepEqual(everything(at('backup')), was)
    })

  it('is of one commit, whatever comes meanwhile, and the original goes on', async () => {
    const { journal, maker } = await journalIn(at('data'))
    const backup = journal.backup(at('backup'))
    let isDone = false
    const done = backup.then(made => {
      isDone = true
      return made
    })
    while (!isDone) {
      await journal.append(maker.make([{ address: 'order/1', event: filler(0) }]))
      await new Promise(resolve => setImmediate(resolve))
    }
    const { position } = await done
    assert.ok(position >= 40 && position <= journal.position)
    assert.equal(journal.verifyChain(), journal.position)
    const commits = [...journal.commits(0)].map(({ records: _, ...one }) => one).slice(0, position)
    journal.close()
    await restoreJournal(at('backup'), at('restored'))
    assert.deepEqual(everything(at('restored')).commits, commits)
  })

  it('restored is a journal like any other, and its start is no recovery from a kill', async () => {
    const { journal, maker } = await journalIn(at('data'))
    await journal.backup(at('backup'))
    journal.close()
    await restoreJournal(at('backup'), at('restored'))
    const restored = openForTest(at('restored'))
    assert.equal(restored.wasKilled, false)
    await restored.append(maker.make([{ address: 'order/new' }]))
    restored.settle()
    restored.close()
    assert.equal(everything(at('restored')).chain, 41)
  })

  it('of an empty journal restores to an empty one', async () => {
    const journal = openForTest(at('data'))
    assert.equal((await journal.backup(at('backup'))).position, 0)
    journal.close()
    await restoreJournal(at('backup'), at('restored'))
    assert.equal(everything(at('restored')).position, 0)
  })

  it('may be made again while one is made, elsewhere; not in the same place', async () => {
    const { journal } = await journalIn(at('data'))
    const made = await Promise.allSettled([
      journal.backup(at('one')),
      journal.backup(at('two')),
      journal.backup(at('one')),
    ])
    assert.deepEqual(
      made.map(one => one.status),
      ['fulfilled', 'fulfilled', 'rejected'],
    )
    journal.close()
    for (const name of ['one', 'two']) assert.equal(everything(at(name)).chain, 40)
  })

  it('of a damaged journal is refused, and nothing is left', async () => {
    const { journal } = await journalIn(at('data'))
    journal.close()
    flipEvery(join(at('data'), 'journal.db'), Buffer.from('17 17 17 17 17'))
    const reader = openJournal({ path: at('data'), readOnly: true })
    await assert.rejects(reader.backup(at('backup')), refusal('JournalCorrupt', /positions 17 to 17/))
    reader.close()
    assert.deepEqual(readdirSync(root), ['data'])
  })

  it('that is cancelled leaves nothing, and the journal as it was', async () => {
    const { journal, maker } = await journalIn(at('data'))
    const late = new AbortController()
    const cancelled = journal.backup(at('backup'), { signal: late.signal })
    late.abort(new Error('changed my mind'))
    await assert.rejects(cancelled, /changed my mind/)
    await assert.rejects(journal.backup(at('backup'), { signal: late.signal }), /changed my mind/)
    assert.deepEqual(readdirSync(root), ['data'])
    await journal.append(maker.make([{ address: 'order/1' }]))
    assert.equal((await journal.backup(at('backup'))).position, 41)
    journal.close()
  })

  it('without room is refused, and nothing is left', async context => {
    mkdirSync(at('disk'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', at('disk')], { stdio: 'ignore' })
    } catch {
      return context.skip('mounting is not allowed here')
    }
    const { journal } = await journalIn(at('data'))
    try {
      await assert.rejects(journal.backup(join(at('disk'), 'backup')), refusal('JournalFull', /no room/))
      assert.deepEqual(readdirSync(at('disk')), [])
      await assert.rejects(journal.backup(at('disk')), refusal('DirectoryUnwritable', /mounted/))
    } finally {
      journal.close()
      execFileSync('umount', ['-l', at('disk')])
    }
  })

  it('goes into a new or empty directory only', async () => {
    const { journal } = await journalIn(at('data'))
    mkdirSync(at('empty'))
    await journal.backup(at('empty'))
    await assert.rejects(journal.backup(at('empty')), refusal('DirectoryNotEmpty', /empty is not empty/))
    writeFileSync(at('file'), '')
    await assert.rejects(journal.backup(at('file')), refusal('DirectoryUnwritable', /is a file/))
    await assert.rejects(journal.backup(at('data')), refusal('DirectoryHeld', /in use/))
    await journal.backup(join(at('new'), 'below'))
    journal.close()
    assert.equal(everything(join(at('new'), 'below')).chain, 40)
  })

  it('is not to be had of a journal in memory', async () => {
    await assert.rejects(new MemoryJournal().backup(at('backup')), refusal('JournalMissing', /in memory/))
  })
})

describe('a restore', () => {
  beforeEach(async () => {
    const { journal } = await journalIn(at('data'))
    await journal.backup(at('backup'))
    journal.close()
    rmSync(at('data'), { recursive: true })
  })
  const restore = () => restoreJournal(at('backup'), at('restored'))

  it('refuses a backup of which one byte is not as it was, wherever', async () => {
    const file = join(at('backup'), 'journal.db')
    const { length } = readFileSync(file)
    for (const offset of [100, Math.floor(length / 3), length - 1]) {
      flipByte(file, offset)
      await assert.rejects(restore(), refusal('JournalCorrupt', /not what was backed up/))
      flipByte(file, offset)
    }
    flipByte(join(at('backup'), 'backup.json'), 0)
    await assert.rejects(restore(), refusal('JournalCorrupt', /does not say what/))
    assert.equal(existsSync(at('restored')), false)
  })

  it('refuses a backup that lacks a part', async () => {
    writeFileSync(join(at('backup'), 'high-water'), 'torn')
    await assert.rejects(restore(), refusal('JournalTruncated', /damaged/))
    rmSync(join(at('backup'), 'high-water'))
    await assert.rejects(restore(), refusal('JournalTruncated', /missing/))
    rmSync(join(at('backup'), 'backup.json'))
    await assert.rejects(restore(), refusal('JournalMissing', /no backup/))
    assert.deepEqual(readdirSync(root), ['backup'])
  })

  it('refuses a directory that has anything in it, or that a runtime has', async () => {
    mkdirSync(at('restored'))
    writeFileSync(join(at('restored'), 'mine'), '')
    await assert.rejects(restore(), refusal('DirectoryNotEmpty', /mine/))
    const running = openForTest(at('running'))
    await assert.rejects(restoreJournal(at('backup'), at('running')), refusal('DirectoryHeld', /a test/))
    running.close()
    await assert.rejects(restoreJournal(at('backup'), at('running')), refusal('DirectoryNotEmpty', /running/))
  })

  it('into an empty directory takes its place; a second one is refused', async () => {
    mkdirSync(at('restored'))
    await restore()
    await assert.rejects(restore(), refusal('DirectoryNotEmpty', /restored/))
    assert.equal(everything(at('restored')).chain, 40)
  })

  it('says what stands in the way of one that was killed', async () => {
    mkdirSync(at('restored.unfinished'))
    await assert.rejects(restore(), refusal('DirectoryNotEmpty', /restored\.unfinished/))
  })
})
