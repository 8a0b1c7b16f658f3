/**
 * How far the journal must reach: the last durable commit, in a small file beside it. SQLite takes a WAL that
 * lost its tail for one that never had it; this file knows better.
 *
 * Two slots are written in turn, each with a checksum, so a torn write leaves the one before. Invariants: a
 * mark is written only after what it marks is durable, so it is never ahead of the journal; a mark on the
 * disk may lag, since it is synced every so many commits and not with each: a power failure then costs
 * detection of a loss that the same failure would have to have caused in data already synced.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { syncDirectory } from './directory.js'

export interface HighWaterMark {
  /** The segment's number, 0 before the first. */
  readonly number: number
  /** Position of its last entry. */
  readonly position: number
  /** Its chain hash. */
  readonly hash: Buffer
}

const MAGIC = 0x50484d31
const HASH_BYTES = 32
const HASH_AT = 20
const CHECKSUM_AT = HASH_AT + HASH_BYTES
const MARK_BYTES = CHECKSUM_AT + 4
/** Apart by more than a disk sector, so that one torn write cannot reach both. */
const SLOT_BYTES = 4096

/** The newest whole mark; `missing` without a file, `damaged` when neither slot can be read. */
export function readHighWater(file: string): HighWaterMark | 'missing' | 'damaged' {
  if (!existsSync(file)) return 'missing'
  const bytes = readFileSync(file)
  const marks = [0, 1]
    .map(slot => unpack(bytes.subarray(slot * SLOT_BYTES)))
    .filter(mark => mark !== undefined)
  return (
    marks.reduce<HighWaterMark | undefined>(
      (newest, mark) => (newest === undefined || mark.number > newest.number ? mark : newest),
      undefined,
    ) ?? 'damaged'
  )
}

export class HighWaterFile {
  readonly #fd: number
  readonly #syncEvery: number
  #unsynced = 0
  #slot = 0

  /** Begins the file anew at `mark`, in both slots and synced. */
  constructor(file: string, mark: HighWaterMark, syncEvery: number) {
    const isNew = !existsSync(file)
    this.#fd = openSync(file, isNew ? 'w+' : 'r+')
    this.#syncEvery = syncEvery
    this.write(mark)
    this.sync()
    this.write(mark)
    this.sync()
    if (isNew) syncDirectory(file)
  }

  write(mark: HighWaterMark): void {
    writeSync(this.#fd, pack(mark), 0, MARK_BYTES, this.#slot * SLOT_BYTES)
    this.#slot = 1 - this.#slot
    if (++this.#unsynced >= this.#syncEvery) this.sync()
  }

  sync(): void {
    if (this.#unsynced === 0) return
    fsyncSync(this.#fd)
    this.#unsynced = 0
  }

  close(): void {
    this.sync()
    closeSync(this.#fd)
  }
}

function pack({ number, position, hash }: HighWaterMark): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeDoubleLE(number, 4)
  bytes.writeDoubleLE(position, 12)
  hash.copy(bytes, HASH_AT)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKSUM_AT)), CHECKSUM_AT)
  return bytes
}

function unpack(bytes: Buffer): HighWaterMark | undefined {
  if (bytes.length < MARK_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined
  if (bytes.readUInt32LE(CHECKSUM_AT) !== crc32(bytes.subarray(0, CHECKSUM_AT))) return undefined
  return {
    number: bytes.readDoubleLE(4),
    position: bytes.readDoubleLE(12),
    hash: Buffer.from(bytes.subarray(HASH_AT, CHECKSUM_AT)),
  }
}
