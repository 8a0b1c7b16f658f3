/**
 * What a journal is kept on, and what a crash leaves of it. A disk keeps what was synced; of what was written
 * and not yet synced it keeps any part from the beginning.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { MemoryJournal } from '../../journal/index.js'
import { copyJournal, openForTest, tearWal, walSize } from '../support/journal-files.js'
import { instead } from './instead.js'
import type { Random } from './random.js'

export interface Disk {
  /** Opens the journal as the disk has it. */
  open(): Journal
  /** Runs a write, and crashes in the middle of it. */
  tear(write: () => Promise<void>): Promise<void>
  /** Runs a write that nobody waits to be synced. */
  unsynced(write: () => void): void
  /** Said once a write is known to be synced, and all before it. */
  synced(): void
  crash(): void
  remove(): void
}

/** Whole commits or none. */
export class MemoryDisk implements Disk {
  readonly #random: Random
  readonly #journal = new MemoryJournal()
  #wasKilled = false

  constructor(random: Random) {
    this.#random = random
  }

  open(): Journal {
    const wasKilled = this.#wasKilled
    this.#wasKilled = false
    return instead(this.#journal, { wasKilled })
  }

  async tear(write: () => Promise<void>): Promise<void> {
    if (this.#random.chance(0.5)) await write()
    this.crash()
  }

  unsynced(write: () => void): void {
    write()
  }

  synced(): void {}

  crash(): void {
    this.#wasKilled = true
  }

  remove(): void {}
}

/** Bytes that the write-ahead log surely has, and the high-water files that may be found with it. */
interface Safe {
  readonly walBytes: number
  readonly marks: readonly Buffer[]
}

const MARKS_KEPT = 4
const HOLDER = 'holder.json'

export interface FileDiskOptions {
  readonly random: Random
  readonly limits: Limits
  /** It may lose what it said was synced. */
  readonly lies: boolean
  onDamage(what: string): void
}

/** Real files. A crash copies them as they are, cuts what was not synced, and begins a new directory. */
export class FileDisk implements Disk {
  readonly #options: FileDiskOptions
  readonly #random: Random
  readonly #root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'perdure-simulation-'))
  #generation = 0
  #journal: Journal | undefined
  #safe: Safe | undefined
  #marks: Buffer[] = []

  constructor(options: FileDiskOptions) {
    this.#options = options
    this.#random = options.random
    mkdirSync(this.#path)
  }

  get #path(): string {
    return join(this.#root, String(this.#generation))
  }

  open(): Journal {
    this.#journal = openForTest(this.#path, {
      limits: this.#options.limits,
      onDamage: damage => this.#options.onDamage(JSON.stringify(damage)),
    })
    this.synced()
    this.#marks = [this.#mark()]
    return this.#journal
  }

  async tear(write: () => Promise<void>): Promise<void> {
    this.#begin()
    await write()
    this.crash()
  }

  unsynced(write: () => void): void {
    this.#begin()
    write()
    // A checkpoint syncs what it moves and empties the log.
    if (this.#safe !== undefined && walSize(this.#path) < this.#safe.walBytes) this.synced()
  }

  synced(): void {
    this.#safe = undefined
    if (this.#marks.length > 0) this.#marks = [...this.#marks, this.#mark()].slice(-MARKS_KEPT)
  }

  crash(): void {
    const from = this.#path
    const safe = this.#options.lies ? { walBytes: 0, marks: this.#marks } : this.#safe
    this.#generation++
    copyJournal(from, this.#path)
    const bytes = walSize(this.#path)
    let marks: readonly Buffer[] = [...this.#marks, this.#markOf(from)]
    if (safe !== undefined && bytes > safe.walBytes) {
      const left = this.#random.between(safe.walBytes, bytes)
      if (left < bytes) {
        this.#lose(left, bytes)
        marks = safe.marks
      }
    }
    writeFileSync(join(this.#path, 'high-water'), this.#torn(this.#random.pick(marks), marks.at(-1)!))
    // Written and never synced: most often it is there, and tells the next process that this one was killed.
    if (this.#random.chance(0.9)) copyFileSync(join(from, HOLDER), join(this.#path, HOLDER))
    this.#journal?.close()
    rmSync(from, { recursive: true, force: true })
    this.#safe = undefined
  }

  remove(): void {
    this.#journal?.close()
    rmSync(this.#root, { recursive: true, force: true })
  }

  #begin(): void {
    this.#safe ??= { walBytes: walSize(this.#path), marks: [...this.#marks, this.#mark()] }
  }

  /** The end of the log never came, or came without a piece in the middle. */
  #lose(left: number, bytes: number): void {
    if (this.#random.chance(0.7)) return tearWal(this.#path, left)
    const file = join(this.#path, 'journal.db-wal')
    const content = readFileSync(file)
    content.fill(0, left, Math.min(bytes, left + this.#random.between(1, 8192)))
    writeFileSync(file, content)
  }

  #mark(): Buffer {
    return this.#markOf(this.#path)
  }

  #markOf(path: string): Buffer {
    return readFileSync(join(path, 'high-water'))
  }

  /** A mark of which only the first bytes were written over an older one. */
  #torn(older: Buffer, newer: Buffer): Buffer {
    if (older.length !== newer.length || this.#random.chance(0.5)) return older
    const at = this.#random.between(0, older.length)
    return Buffer.concat([newer.subarray(0, at), older.subarray(at)])
  }
}
