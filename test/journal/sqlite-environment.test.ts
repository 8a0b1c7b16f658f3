/** What the machine may do to a journal: no room, no permission, somebody else who has it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test'
import { openJournal } from '../../journal/index.js'
import { CommitMaker } from '../support/journal-commits.js'
import { openForTest, temporaryDirectory, writers } from '../support/journal-files.js'
import { refusal } from '../support/journal-refusal.js'
import { owingAddresses } from '../support/owing-pages.js'

/** Fills a commit to some tens of kilobytes. */
const filler = { type: 'FILL', text: 'x'.repeat(40_000) }

let path = ''
let remove = () => {}
let mounted: string | undefined

beforeEach(() => {
  const directory = temporaryDirectory()
  path = directory.path
  remove = directory.remove
})
afterEach(() => {
  if (mounted !== undefined) execFileSync('umount', ['-l', mounted])
  mounted = undefined
  remove()
})

it('a directory that is made for a journal, or a backup, is its owner’s alone; one that is there stays as it is', async () => {
  const modeOf = (directory: string) => statSync(directory).mode & 0o777
  const made = join(path, 'above/made')
  const journal = openForTest(made)
  await journal.append(new CommitMaker().make([{ address: 'order/1' }]))
  await journal.backup(join(path, 'backup'))
  journal.close()
  assert.deepEqual([modeOf(made), modeOf(join(path, 'backup'))], [0o700, 0o700])
  chmodSync(made, 0o750)
  openForTest(made).close()
  assert.equal(modeOf(made), 0o750)
})

for (const { name, ownThread } of writers)
  describe(`a journal without room, ${name}`, () => {
    it('refuses the commit at its own limit, keeps what it has, and goes on when given more', async () => {
      const journal = openForTest(path, { ownThread, bytesMax: 600_000 })
      const maker = new CommitMaker()
      const made = Array.from({ length: 40 }, () => maker.make([{ address: 'order/1', event: filler }]))
      let kept = 0
      await assert.rejects(
        async () => {
          for (const commit of made) {
            await journal.append(commit)
            kept++
          }
        },
        refusal('JournalFull', /nothing was written/),
      )
      assert.ok(kept > 2 && kept < 40)
      assert.equal(journal.position, kept)
      assert.equal(journal.read('order/1')?.record.seq, kept)
      await assert.rejects(journal.append(made[kept]!), refusal('JournalFull', /no room/))
      assert.equal(journal.verifyChain(), kept)
      journal.close()
      const roomy = openForTest(path)
      assert.equal(roomy.position, kept)
      await roomy.append(made[kept]!)
      assert.equal(roomy.read('order/1')?.record.seq, kept + 1)
      roomy.close()
    })

    it('refuses the commit on a full disk, and takes the same one once there is room', async context => {
      const disk = mountOrSkip(context, ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs'])
      if (disk === undefined) return
      const journal = openForTest(join(disk, 'data'), { ownThread })
      const maker = new CommitMaker()
      await journal.append(maker.make([{ address: 'order/1', event: filler }]))
      const { bavail, bsize } = statfsSync(disk)
      writeFileSync(join(disk, 'ballast'), Buffer.alloc((bavail - 60) * bsize))
      let refused = maker.make([{ address: 'order/1', event: filler }])
      for (;;) {
        const before = journal.position
        try {
          await journal.append(refused)
          refused = maker.make([{ address: 'order/1', event: filler }])
        } catch (error) {
          refusal('JournalFull', /no room/)(error)
          assert.equal(journal.position, before)
          break
        }
      }
      rmSync(join(disk, 'ballast'))
      await journal.append(refused)
      const reached = journal.position
      assert.equal(journal.verifyChain(), reached)
      journal.close()
      const again = openForTest(join(disk, 'data'))
      assert.equal(again.position, reached)
      assert.equal(again.entries('order/1', 0, 1000).length, reached)
      again.close()
    })
  })

for (const { name, ownThread } of writers)
  describe(`a write-ahead log that the disk has no room to empty, ${name}`, () => {
    it('refuses no commit that is durable', async context => {
      const disk = mountOrSkip(context, ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs'])
      if (disk === undefined) return
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(1_500_000))
      const journal = openForTest(join(disk, 'data'), { ownThread, limits: { walBytesMax: 1_000_000 } })
      const maker = new CommitMaker()
      for (;;) {
        const before = journal.position
        const commit = maker.make([{ address: `order/${before}`, event: filler }])
        try {
          await journal.append(commit)
        } catch (error) {
          refusal('JournalFull', /nothing was written/)(error)
          assert.equal(journal.position, before, 'what was refused is not there')
          await assert.rejects(journal.append(commit), refusal('JournalFull', /nothing was written/))
          break
        }
      }
      const reached = journal.position
      assert.ok(reached > 10)
      rmSync(join(disk, 'ballast'))
      journal.close()
      const again = openForTest(join(disk, 'data'))
      assert.equal(again.position, reached)
      again.close()
    })
  })

describe('a directory that cannot be written to', () => {
  it('is refused when a file stands in its way', () => {
    writeFileSync(join(path, 'file'), '')
    assert.throws(() => openForTest(join(path, 'file')), refusal('DirectoryUnwritable', /file/))
    assert.throws(() => openForTest(join(path, 'file', 'below')), refusal('DirectoryUnwritable', /below/))
  })

  it('is refused on a read-only disk, with a journal in it or none', context => {
    const disk = mountOrSkip(context, ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs'])
    if (disk === undefined) return
    openForTest(join(disk, 'data')).close()
    mkdirSync(join(disk, 'empty'))
    execFileSync('mount', ['-o', 'remount,ro', disk])
    for (const name of ['data', 'empty', 'none'])
      assert.throws(() => openForTest(join(disk, name)), refusal('DirectoryUnwritable', new RegExp(name)))
  })
})

for (const { name, ownThread } of writers)
  describe(`a journal that is held, ${name}`, () => {
    it('is refused to the same process too, until it is closed', () => {
      const journal = openForTest(path, { ownThread })
      assert.throws(() => openForTest(path, { ownThread }), refusal('DirectoryHeld', /a test/))
      journal.close()
      openForTest(path, { ownThread }).close()
    })

    it('may be read beside its writer, which sees each commit once it is durable', async () => {
      const journal = openForTest(path, { ownThread })
      const maker = new CommitMaker()
      await journal.append(maker.make([{ address: 'order/1' }]))
      const reader = openJournal({ path, readOnly: true })
      assert.equal(reader.read('order/1')?.record.seq, 1)
      await journal.append(
        maker.make([{ address: 'order/1', index: { owes: true } }, { address: 'order/2' }]),
      )
      assert.equal(reader.position, 3)
      assert.equal(reader.entries('order/1', 0, 10).length, 2)
      assert.deepEqual(owingAddresses(reader), ['order/1'])
      journal.settle()
      assert.equal(reader.count({}), 2)
      assert.equal(reader.read('order/2')?.record.seq, 1)
      await assert.rejects(reader.append(maker.make([])), /open for reading/)
      assert.throws(() => reader.prune('order/1', 1), /open for reading/)
      reader.close()
      journal.close()
      const alone = openJournal({ path, readOnly: true })
      assert.equal(alone.position, 3)
      alone.close()
    })

    it('cannot be read where there is none', () => {
      assert.throws(
        () => openJournal({ path: join(path, 'none'), readOnly: true }),
        refusal('JournalMissing', /none/),
      )
    })
  })

/** A file system of its own, removed with the test; undefined, and the test skipped, where that is not allowed. */
function mountOrSkip(context: TestContext, how: readonly string[]): string | undefined {
  const disk = join(path, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', [...how, disk], { stdio: 'ignore' })
  } catch {
    context.skip('this process may not mount file systems')
    return undefined
  }
  mounted = disk
  return disk
}
