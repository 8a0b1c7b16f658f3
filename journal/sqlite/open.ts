/**
 * Opening a journal: hold the directory, bring the schema up to date, see that nothing is missing, begin.
 * Whatever fails on the way leaves nothing open and nothing changed but a migration.
 */
import { existsSync } from 'node:fs'
import { SetupError } from '../../actors/errors.js'
import { type Limits, limits } from '../../actors/limits.js'
import { type JournalFiles, journalFiles, syncFile } from '../files/directory.js'
import { readHighWater } from '../files/high-water.js'
import { type Hold, type Holder, holdDirectory } from '../files/hold.js'
import type { Damage } from './actor-table.js'
import { type Connection, checkpoint, connect, type Durability, translating } from './database.js'
import { checkHighWater } from './load.js'
import { migrate } from './schema.js'
import { SegmentTable } from './segment-table.js'
import { SqliteJournal } from './sqlite-journal.js'
import { DirectWriting } from './writer/direct-writing.js'
import type { JournalThread } from './writer/journal-thread.js'
import type { Report, Writing } from './writer/orders.js'
import { ThreadWriting } from './writer/thread-writing.js'

export type JournalLimits = Pick<
  Limits,
  | 'unsettledSegmentsMax'
  | 'unsettledBytesMax'
  | 'unsettledStatesBytesMax'
  | 'settleSliceEntriesMax'
  | 'walBytesMax'
  | 'walPauseBytesMax'
  | 'markSyncCommitsMax'
  | 'writerAnswerMsMax'
  | 'copyHeldCommitsMax'
  | 'copyHeldBytesMax'
  | 'copyHeldMs'
>

interface CommonOptions {
  /** The data directory: one shard's files and nothing else. */
  readonly path: string
  /** Told of what was found damaged and worked around. */
  readonly onDamage?: (damage: Damage) => void
  /** Go on although commits are known to be lost, or cannot be known not to be. For an operator to say. */
  readonly acceptLoss?: boolean
  readonly limits?: Partial<JournalLimits>
}

export interface WriterOptions extends CommonOptions {
  /** Who holds the directory from now on. */
  readonly holder: Holder
  /**
   * `full` unless something else, like a stream, makes commits durable: then one that says where it stands there is
   * known here at once, and a thread writes it with others, soon after.
   */
  readonly durability?: Durability
  /** Bytes the journal may grow to, its write-ahead log aside; past it a commit is refused, `JournalFull`. */
  readonly bytesMax?: number
  /**
   * Whether a thread of its own writes, so that the thread that appends waits for no disk. Without it everything
   * is done before a call returns.
   */
  readonly ownThread?: boolean
  /** A thread that writes other journals besides: instead of one of its own. */
  readonly sharedThread?: JournalThread
}

export interface ReaderOptions extends CommonOptions {
  /** Beside a writer or without one; takes no hold and writes nothing. */
  readonly readOnly: true
}

/** What a journal works on, and how to let go of it. */
export interface OpenedFiles {
  readonly files: JournalFiles
  readonly db: Connection
  readonly segments: SegmentTable
  readonly wasKilled: boolean
  /** Of a log that has its commits, written by a thread. */
  readonly isCopy: boolean
  readonly limits: JournalLimits
  readonly onDamage: (damage: Damage) => void
  /**
   * Once the tail is known to be whole: checks it against the high-water mark, and begins to write; a reader gets
   * nothing to write with.
   * @throws SetupError `JournalTruncated`.
   */
  begin(tell: (report: Report) => void): Writing | undefined
  close(): void
}

/**
 * @throws SetupError `JournalMissing` (for a reader), `DirectoryHeld`, `DirectoryUnwritable`, `JournalTooNew`,
 * `JournalTooOld` (for a reader), `JournalTruncated` (with the positions lost), `JournalCorrupt`, `JournalFull`.
 */
export function openJournal(options: WriterOptions | ReaderOptions): SqliteJournal {
  const files = journalFiles(options.path)
  const closing = new Closing()
  try {
    return translating(files.journal, () => {
      const journal = new SqliteJournal(openFiles(files, options, closing))
      closing.isWhole = true
      return journal
    })
  } catch (error) {
    closing.close()
    throw error
  }
}

/** What is open, to be closed in the opposite order. */
class Closing {
  readonly #steps: (() => void)[] = []
  /** Whether opening came to its end. */
  isWhole = false

  add(step: () => void): void {
    this.#steps.push(step)
  }

  /** All of it, even when a part of it fails. */
  close(): void {
    const step = this.#steps.pop()
    if (step === undefined) return
    try {
      step()
    } finally {
      this.close()
    }
  }
}

function openFiles(
  files: JournalFiles,
  options: WriterOptions | ReaderOptions,
  closing: Closing,
): OpenedFiles {
  const readOnly = 'readOnly' in options
  const durability = readOnly ? 'full' : (options.durability ?? 'full')
  if (readOnly && !existsSync(files.journal))
    throw new SetupError('JournalMissing', `there is no journal in ${files.directory} to read`, {
      directory: files.directory,
    })
  const hold: Hold | undefined = readOnly ? undefined : holdDirectory(files, options.holder)
  if (hold !== undefined) closing.add(() => hold.release(closing.isWhole))
  // Before the database: a mark read after it could be of a commit made in between.
  const mark = readHighWater(files.highWater)
  const db = connect(files.journal, {
    readOnly,
    durability,
    bytesMax: readOnly ? undefined : options.bytesMax,
  })
  closing.add(() => db.close())
  migrate(db, files.journal, readOnly)
  const segments = new SegmentTable(db, files.journal)
  const bounds = { ...limits, ...options.limits }
  const hasThread = !readOnly && (options.ownThread === true || options.sharedThread !== undefined)
  const begin = (tell: (report: Report) => void) => {
    if (options.acceptLoss !== true) checkHighWater(files, mark, segments)
    if (readOnly) return undefined
    // A holder killed between its write and its sync left commits that can be read and are not on the disk
    // yet. From here on they count: they are marked, and what follows from them is let out. Emptying the WAL
    // besides leaves no frames behind its end that the same bytes written again would bring back to life.
    if (!checkpoint(db)) syncFile(`${files.journal}-wal`)
    const site = { durability, limits: bounds }
    if (!hasThread) return new DirectWriting({ ...files, ...site, db, tell })
    // Here it is only read from now on.
    db.pragma('query_only = ON')
    return new ThreadWriting({ ...site, files, bytesMax: options.bytesMax }, tell, options.sharedThread)
  }
  return {
    files,
    db,
    segments,
    wasKilled: hold?.wasKilled ?? false,
    isCopy: hasThread && durability === 'normal',
    limits: bounds,
    begin,
    onDamage: options.onDamage ?? (() => {}),
    close: () => closing.close(),
  }
}
