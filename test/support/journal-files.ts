/** Journals on disk for tests: where they are made, and what a crash or a bad disk does to them. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Holder, SqliteJournal, WriterOptions } from '../../journal/index.js'
import { openJournal } from '../../journal/index.js'

const testHolder: Holder = { pid: process.pid, host: 'here', since: 0, program: 'a test' }

/** The two ways in which a journal is written: each test of what the disk does to one is run with both. */
export const writers = [
  { name: 'written by the thread that appends', ownThread: false },
  { name: 'written by a thread of its own', ownThread: true },
] as const

/** A directory of its own, and how to remove it. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'perdure-journal-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function openForTest(path: string, options: Partial<WriterOptions> = {}): SqliteJournal {
  return openJournal({ path, holder: testHolder, ...options })
}

/**
 * Copies a journal as a crash at this instant would leave it. Neither the hold nor SQLite's shared memory is
 * touched: opening and closing a file that this process has locked would drop the lock.
 */
export function copyJournal(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from))
    if (!/^hold\.db|-shm$/.test(name)) copyFileSync(join(from, name), join(to, name))
}

/** Bytes of the write-ahead log; 0 when there is none. */
export function walSize(directory: string): number {
  return statSync(walOf(directory), { throwIfNoEntry: false })?.size ?? 0
}

/** Cuts the write-ahead log to its first `bytes` bytes, as if the rest had never reached the disk. */
export function tearWal(directory: string, bytes: number): void {
  truncateSync(walOf(directory), bytes)
}

/** Turns over one bit of the byte at `offset`. */
export function flipByte(file: string, offset: number): void {
  const bytes = readFileSync(file)
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 0x10, offset)
  writeFileSync(file, bytes)
}

/** Damages every place in a file where `bytes` stand: the live one, and copies in pages no longer used. */
export function flipEvery(file: string, bytes: Uint8Array): void {
  const content = readFileSync(file)
  let at = content.indexOf(bytes)
  if (at === -1) throw new Error(`${file} does not hold the bytes to damage`)
  for (; at !== -1; at = content.indexOf(bytes, at + bytes.length))
    content.writeUInt8(content.readUInt8(at) ^ 0x10, at)
  writeFileSync(file, content)
}

function walOf(directory: string): string {
  return join(directory, 'journal.db-wal')
}
