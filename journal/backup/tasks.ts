/**
 * The work of a backup and of a restore, as it is done in a thread of its own: nothing here is waited for by
 * the thread that steps.
 *
 * A backup is copied page by page within one read transaction, so it is of one commit boundary, whatever is
 * committed meanwhile; then everything in it is read and checked before anybody calls it a backup.
 */

import { createHash } from 'node:crypto'
import { closeSync, copyFileSync, fsyncSync, openSync, readSync } from 'node:fs'
import { SetupError } from '../../actors/errors.js'
import type { BackedUp } from '../../actors/journal.js'
import { type JournalFiles, journalFiles, syncFile } from '../files/directory.js'
import { HighWaterFile, type HighWaterMark, readHighWater } from '../files/high-water.js'
import { contentsOf } from '../segment/segment.js'
import { type Connection, connect } from '../sqlite/database.js'
import { checkHighWater, endOf, unsettledSegments } from '../sqlite/load.js'
import { SegmentTable } from '../sqlite/segment-table.js'
import { readManifest, writeManifest } from './manifest.js'

export interface Task {
  readonly kind: 'backup' | 'restore'
  /** Directories. */
  readonly from: string
  readonly to: string
  /** Pages that are copied at once. */
  readonly stepPages: number
  /** Bytes after which what is written is synced: a backlog would hold up the syncs of commits. */
  readonly syncBytes: number
}

const READ_BYTES = 1024 * 1024

export async function runTask(task: Task): Promise<BackedUp> {
  return task.kind === 'backup' ? backup(task) : restore(task)
}

async function backup(task: Task): Promise<BackedUp> {
  const from = journalFiles(task.from)
  const to = journalFiles(task.to)
  // Before the database: a mark read after it could be of a commit made in between.
  const mark = readHighWater(from.highWater)
  const db = reader(from)
  let end: HighWaterMark
  try {
    db.exec('BEGIN')
    const segments = new SegmentTable(db, from.journal)
    end = endOf(segments.newest())
    checkHighWater(from, mark, segments)
    await copyPages(db, to.journal, task)
  } finally {
    db.close()
  }
  const copy = connect(to.journal, { readOnly: false, durability: 'full', bytesMax: undefined })
  try {
    // One file, which can be read from a disk that cannot be written to.
    copy.pragma('journal_mode = DELETE')
    assertWhole(copy, to, end)
    assertSound(copy)
  } finally {
    copy.close()
  }
  const { sha256, bytes } = digestOf(to.journal)
  writeMark(to, end)
  const manifest = { position: end.position, commits: end.number, bytes, sha256 }
  for (const file of [to.journal, writeManifest(task.to, manifest)]) syncFile(file)
  return { position: end.position, bytes }
}

function restore({ from, to }: Task): BackedUp {
  const source = journalFiles(from)
  const target = journalFiles(to)
  const manifest = readManifest(from)
  copyFileSync(source.journal, target.journal)
  const { sha256, bytes } = digestOf(target.journal)
  if (sha256 !== manifest.sha256)
    throw new SetupError(
      'JournalCorrupt',
      `${source.journal} is not what was backed up: expected ${manifest.bytes} bytes with SHA-256 ${manifest.sha256}, found ${bytes} bytes with ${sha256}`,
      { file: source.journal, expected: manifest.sha256, found: sha256 },
    )
  const db = reader(target)
  try {
    const segments = new SegmentTable(db, target.journal)
    checkHighWater(source, readHighWater(source.highWater), segments)
    const end = endOf(segments.newest())
    assertWhole(db, target, end)
    writeMark(target, end)
  } finally {
    db.close()
  }
  syncFile(target.journal)
  return { position: manifest.position, bytes }
}

function reader({ journal }: JournalFiles): Connection {
  return connect(journal, { readOnly: true, durability: 'full', bytesMax: undefined })
}

async function copyPages(db: Connection, file: string, { stepPages, syncBytes }: Task): Promise<void> {
  const pageBytes = db.pragma('page_size', { simple: true }) as number
  const syncPages = Math.max(1, Math.floor(syncBytes / pageBytes))
  let synced: number | undefined
  await db.backup(file, {
    progress({ totalPages, remainingPages }) {
      const copied = totalPages - remainingPages
      if (copied - (synced ?? 0) >= syncPages) {
        syncFile(file)
        synced = copied
      }
      return stepPages
    },
  })
}

/** Every commit from the first to the last follows from the one before, and what rows lack is there. */
function assertWhole(db: Connection, files: JournalFiles, end: HighWaterMark): void {
  const segments = new SegmentTable(db, files.journal)
  let number = segments.base()?.number ?? 0
  for (const { stub } of segments.walkFrom(1)) number = stub.number
  if (number !== end.number)
    throw new SetupError(
      'JournalCorrupt',
      `${files.journal} ends with commit ${number}: expected ${end.number}`,
      { file: files.journal },
    )
  for (const segment of unsettledSegments(db, segments)) contentsOf(segment)
}

/** The tables hold together as SQLite sees them. */
function assertSound(db: Connection): void {
  const [found] = db.pragma('quick_check(1)') as { quick_check: string }[]
  if (found?.quick_check !== 'ok')
    throw new SetupError('JournalCorrupt', `${db.name} is damaged: ${found?.quick_check}`, { file: db.name })
}

function writeMark(files: JournalFiles, end: HighWaterMark): void {
  new HighWaterFile(files.highWater, end, 1).close()
}

function digestOf(file: string): { sha256: string; bytes: number } {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(READ_BYTES)
  let bytes = 0
  const fd = openSync(file, 'r')
  try {
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      hash.update(chunk.subarray(0, read))
      bytes += read
    }
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  return { sha256: hash.digest('hex'), bytes }
}
