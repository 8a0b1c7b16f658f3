/**
 * The exclusive hold of a data directory: a second runtime on the same files would be a second writer.
 *
 * The hold is a lock of the operating system on `hold.db` (SQLite's, kept for life), so a killed process
 * gives it up at that instant and nothing stale is left to remove; `holder.json` only says who it is.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { SetupError } from '../../actors/errors.js'
import { translated } from '../sqlite/database.js'
import { type JournalFiles, journalFiles, makeDirectory } from './directory.js'

/** Who holds a directory, as the message to the next one says it. */
export interface Holder {
  readonly pid: number
  readonly host: string
  /** Milliseconds since 1970. */
  readonly since: number
  /** What the program calls itself. */
  readonly program: string
}

export interface Hold {
  /** Whether the holder before this one never let go. */
  readonly wasKilled: boolean
  /** Lets go. `inGoodOrder`: whoever comes next need not be told of a kill, not even of the one before this hold. */
  release(inGoodOrder: boolean): void
}

/** Holds a directory of journals as if it were one, that nobody else runs on it. @throws as `holdDirectory` */
export function holdJournals(directory: string, holder: Holder): Hold {
  return holdDirectory(journalFiles(directory), holder)
}

/** @throws SetupError `DirectoryHeld` naming the holder. */
export function holdDirectory(files: JournalFiles, holder: Holder): Hold {
  makeDirectory(files.directory)
  const lock = takeLock(files)
  const wasKilled = existsSync(files.holder)
  try {
    writeFileSync(files.holder, `${JSON.stringify(holder)}\n`)
  } catch (error) {
    lock.close()
    throw translated(error, files.holder)
  }
  return {
    wasKilled,
    release(inGoodOrder) {
      if (inGoodOrder || !wasKilled) rmSync(files.holder, { force: true })
      lock.close()
    },
  }
}

/** @throws SetupError `DirectoryHeld` when a runtime has it. */
export function assertNotHeld(directory: string): void {
  const files = journalFiles(directory)
  if (existsSync(files.hold)) takeLock(files).close()
}

function takeLock(files: JournalFiles): Database.Database {
  let lock: Database.Database | undefined
  try {
    lock = new Database(files.hold, { timeout: 0 })
    // Kept in memory: a rollback journal left by a killed holder would have to be rolled back by the next.
    lock.pragma('journal_mode = MEMORY')
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock?.close()
    if (/^SQLITE_(BUSY|LOCKED)/.test(String((error as { code?: unknown }).code))) throw heldError(files)
    throw translated(error, files.hold)
  }
}

function heldError({ directory, holder: file }: JournalFiles): SetupError {
  const holder = readHolder(file)
  const who =
    holder === undefined
      ? 'another process'
      : `${holder.program} (process ${holder.pid} on ${holder.host}, since ${new Date(holder.since).toISOString()})`
  return new SetupError(
    'DirectoryHeld',
    `${directory} is in use by ${who}: one runtime at a time may have it`,
    {
      directory,
      holder,
    },
  )
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}
