/**
 * The SQLite connection: how it is opened, what it is set to, and what its failures are called here.
 *
 * Invariant: no SQLite error leaves the room under its own name when it has a name of ours.
 */
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { isJournalFull, SetupError } from '../../actors/errors.js'

export type Connection = Database.Database
export type Statement = Database.Statement

/** `full`: a commit is on the disk when append resolves. `normal`: when the next checkpoint is. */
export type Durability = 'full' | 'normal'

/** Older ones lose commits when a checkpoint and a write meet (the WAL-reset bug, mended in 3.51.3). */
const SQLITE_VERSION_MIN = [3, 51, 3] as const
const BUSY_MS_MAX = 5_000
const CACHE_KIB = 32 * 1024
/** Rows here are one actor each, some hundred bytes, and segments of tens of kilobytes: twice SQLite's page. */
const PAGE_BYTES = 8192

export interface ConnectionOptions {
  readonly readOnly: boolean
  readonly durability: Durability
  /** How large the database may grow, its write-ahead log aside. */
  readonly bytesMax: number | undefined
}

/** @throws SetupError when the file cannot be opened, or is none of ours. */
export function connect(file: string, options: ConnectionOptions): Connection {
  return translating(file, () => {
    const db = new Database(file, {
      readonly: options.readOnly,
      fileMustExist: options.readOnly,
      timeout: BUSY_MS_MAX,
    })
    try {
      checkVersion(db)
      db.pragma(`cache_size = -${CACHE_KIB}`)
      db.pragma('temp_store = MEMORY')
      if (!options.readOnly) makeWritable(db, options)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  })
}

function makeWritable(db: Connection, { durability, bytesMax }: ConnectionOptions): void {
  db.pragma(`page_size = ${PAGE_BYTES}`)
  const mode = db.pragma('journal_mode = WAL', { simple: true })
  if (mode !== 'wal') throw new Error(`SQLite's journal mode is '${mode}': expected 'wal'`)
  db.pragma(`synchronous = ${durability}`)
  // Checkpoints are ours to time: one in the middle of a commit would be part of its latency.
  db.pragma('wal_autocheckpoint = 0')
  if (bytesMax === undefined) return
  const pageBytes = db.pragma('page_size', { simple: true }) as number
  db.pragma(`max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`)
}

function checkVersion(db: Connection): void {
  const version = db.prepare('SELECT sqlite_version()').pluck().get() as string
  const found = version.split('.').map(Number)
  for (const [at, least] of SQLITE_VERSION_MIN.entries()) {
    if ((found[at] ?? 0) > least) return
    if ((found[at] ?? 0) < least)
      throw new Error(`SQLite is ${version}: expected ${SQLITE_VERSION_MIN.join('.')} or later`)
  }
}

/**
 * Moves what is in the WAL into the database and empties the WAL: what is left in it is then never older than
 * the database, so that losing any part of its end leaves a whole journal. Answers whether
 * it was done: not while somebody reads, and not without room, which is no failure of the commits in the WAL.
 */
export function checkpoint(db: Connection): boolean {
  db.pragma('busy_timeout = 0')
  try {
    return db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0
  } catch (error) {
    if (isJournalFull(translated(error, db.name))) return false
    throw error
  } finally {
    db.pragma(`busy_timeout = ${BUSY_MS_MAX}`)
  }
}

/** Runs `work`, giving its failures our names. `file` is what they are about. */
export function translating<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw translated(error, file)
  }
}

/** The name a failure of the disk or of SQLite has here; the error itself when it has none. */
export function translated(error: unknown, file: string): unknown {
  if (/locate the bindings file|ERR_DLOPEN_FAILED|NODE_MODULE_VERSION/.test(String(error)))
    return new SetupError(
      'NativeModuleMissing',
      "better-sqlite3's native module is missing, or of another Node: let its install script run (npm rebuild " +
        'better-sqlite3; pnpm approve-builds), and start again',
      {},
      error,
    )
  const code = (error as { code?: unknown } | null)?.code
  if (error instanceof SetupError || typeof code !== 'string') return error
  const because = (error as Error).message
  const details = { file, reason: code }
  if (/^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(code))
    return new SetupError('JournalCorrupt', `${file} is damaged: ${because}`, details, error)
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT|SQLITE_IOERR_SHMSIZE)$/.test(code))
    return new SetupError(
      'JournalFull',
      `no room for ${file}: nothing was written, and it may be tried again once there is (${because})`,
      details,
      error,
    )
  if (
    /^(SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|EROFS$|EACCES$|EPERM$|ENOTDIR$|EEXIST$|ENOENT$)/.test(code)
  )
    return new SetupError(
      'DirectoryUnwritable',
      `${dirname(file)} must be a directory that can be written to: ${because}`,
      details,
      error,
    )
  return error
}
