/** A journal's directory: the names of the files in it, and how it is made and kept. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { translated } from '../sqlite/database.js'

export interface JournalFiles {
  readonly directory: string
  readonly journal: string
  readonly highWater: string
  readonly hold: string
  /** Who holds it, for people and for messages. */
  readonly holder: string
}

export function journalFiles(directory: string): JournalFiles {
  return {
    directory,
    journal: join(directory, 'journal.db'),
    highWater: join(directory, 'high-water'),
    hold: join(directory, 'hold.db'),
    holder: join(directory, 'holder.json'),
  }
}

/** Of a directory that is made: what a journal holds is not for every user of the machine. */
export const OWNER_ONLY = 0o700

/** @throws SetupError `DirectoryUnwritable` when there can be no such directory. */
export function makeDirectory(directory: string): void {
  try {
    const topmost = mkdirSync(dirname(directory), { recursive: true })
    if (mkdirSync(directory, { recursive: true, mode: OWNER_ONLY }) === undefined) return
    if (topmost !== undefined) syncDirectory(topmost)
    syncDirectory(directory)
  } catch (error) {
    throw translated(error, join(directory, 'journal.db'))
  }
}

/** Makes a name just created in a directory survive a power failure. */
export function syncDirectory(file: string): void {
  syncFile(dirname(file))
}

/** Makes what any process wrote to a file survive a power failure. No file, nothing to do. */
export function syncFile(file: string): void {
  if (!existsSync(file)) return
  const fd = openSync(file, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** 0 for a file that is not there. */
export function fileBytes(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

export function directoryBytes(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + fileBytes(join(directory, name)), 0)
}
