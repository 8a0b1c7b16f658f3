/**
 * Makes an image of a journal, beside whoever works on it: what a shard goes on from is copied within one read
 * transaction into a new database, which is then packed.
 *
 * Every table is named, as copied or as left behind: one that is not stops the making, so that a later schema cannot
 * leave anything out in silence. A record that is damaged stops it too: an image has no older one to fall back to.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createDeflateRaw } from 'node:zlib'
import { SetupError } from '../../actors/errors.js'
import type { ImageFacts } from '../../actors/image.js'
import { fileBytes, journalFiles } from '../files/directory.js'
import { type Connection, connect } from '../sqlite/database.js'
import { writeImageBase } from '../sqlite/image-base.js'
import { endOf, settledFact } from '../sqlite/load.js'
import { PlaceFact } from '../sqlite/place-fact.js'
import { migrate, schemaVersion } from '../sqlite/schema.js'
import { SegmentTable } from '../sqlite/segment-table.js'

export interface MakeTask {
  readonly kind: 'make'
  /** The journal's directory. */
  readonly from: string
  /** What is made. */
  readonly file: string
}

/** Rows that are copied, by table; `@settled` is the number of the last commit that is in rows. */
const COPIED: Readonly<Record<string, string>> = {
  fact: 'true',
  fingerprint: 'true',
  actor: 'true',
  dead_letter: 'true',
  // Of the last settled commit there is the hash that the next one follows.
  segment: 'number >= @settled',
  segment_entries: 'number > @settled',
  segment_records: 'number > @settled',
}
/** History, what only helps to fold it again, and what triggers count. */
const LEFT = ['page', 'snapshot', 'actor_count']

/** Packing costs more than it saves beyond this: records are short and alike. */
const LEVEL = 1

export async function makeImage({ from, file }: MakeTask): Promise<ImageFacts> {
  const copy = unpackedName(file)
  removeDatabase(copy)
  try {
    const db = connect(copy, { readOnly: false, durability: 'normal', bytesMax: undefined })
    let facts: Omit<ImageFacts, 'bytes' | 'journalBytes' | 'journalSha256'>
    try {
      // Nobody else sees it before it is whole: nothing to be rolled back, nothing to be synced.
      db.pragma('journal_mode = OFF')
      db.pragma('synchronous = OFF')
      migrate(db, copy, false)
      db.prepare('ATTACH ? AS live').run(journalFiles(from).journal)
      facts = db.transaction(() => copyState(db, copy))()
    } finally {
      db.close()
    }
    const journalSha256 = await pack(copy, file)
    return { ...facts, bytes: fileBytes(file), journalBytes: fileBytes(copy), journalSha256 }
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  } finally {
    removeDatabase(copy)
  }
}

/** Where it lies unpacked meanwhile. */
function unpackedName(file: string): string {
  return `${file}.db`
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${file}${suffix}`, { force: true })
}

function copyState(
  db: Connection,
  file: string,
): Omit<ImageFacts, 'bytes' | 'journalBytes' | 'journalSha256'> {
  assertTablesKnown(db)
  db.function('checksum_of', { deterministic: true }, bytes => crc32(bytes as Buffer))
  const damaged = db
    .prepare('SELECT address FROM live.actor WHERE checksum_of(record) <> checksum LIMIT 1')
    .pluck()
    .get() as string | undefined
  if (damaged !== undefined)
    throw new SetupError(
      'JournalCorrupt',
      `no image can be made: the record of ${damaged} is damaged, and an image has no older one`,
      { file, address: damaged },
    )
  const number = db.prepare('SELECT value FROM live.fact WHERE name = ?').pluck().get(settledFact.number)
  const settled = (number as number | undefined) ?? 0
  for (const [table, rows] of Object.entries(COPIED)) {
    const copying = db.prepare(`INSERT INTO main.${table} SELECT * FROM live.${table} WHERE ${rows}`)
    if (rows.includes('@')) copying.run({ settled })
    else copying.run()
  }
  writeImageBase(db, settled)
  const segments = new SegmentTable(db, file)
  const end = endOf(segments.newest())
  const { log } = new PlaceFact(db).read()
  if (log === undefined)
    throw new SetupError('JournalCorrupt', 'no image can be made: the journal was never in a cluster', {
      file,
    })
  return {
    position: end.position,
    commits: end.number,
    chain: end.hash.toString('hex'),
    historyFrom: (segments.base()?.last ?? 0) + 1,
    log,
    actors: db.prepare('SELECT count(*) FROM main.actor').pluck().get() as number,
    schema: schemaVersion,
  }
}

function assertTablesKnown(db: Connection): void {
  const tables = db
    .prepare("SELECT name FROM live.sqlite_schema WHERE type = 'table'")
    .pluck()
    .all() as string[]
  const unknown = tables.filter(name => !(name in COPIED) && !LEFT.includes(name) && !/^sqlite_/.test(name))
  if (unknown.length > 0)
    throw new Error(`tables that an image neither copies nor leaves: ${unknown.join(', ')}`)
}

/** Answers the hash of what was packed, in hex. */
async function pack(from: string, to: string): Promise<string> {
  const hash = createHash('sha256')
  const hashed = new PassThrough()
  hashed.on('data', chunk => hash.update(chunk))
  await pipeline(
    createReadStream(from, { highWaterMark: 1 << 20 }),
    hashed,
    createDeflateRaw({ level: LEVEL }),
    createWriteStream(to),
  )
  return hash.digest('hex')
}
