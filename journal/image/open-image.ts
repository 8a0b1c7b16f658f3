/**
 * Makes a journal of an image that has arrived: unpacked, held against what it must be, marked as far as it goes.
 *
 * Invariants: nothing is taken on trust: not one byte, nor where the chain, the entries and the log stand; an older
 * schema is brought up to date, a newer one refused. Live actors get a persisted snapshot as they are, from which
 * what comes can be folded again.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import { SetupError } from '../../actors/errors.js'
import type { ImageFacts } from '../../actors/image.js'
import { type JournalFiles, journalFiles, syncFile } from '../files/directory.js'
import { HighWaterFile } from '../files/high-water.js'
import { contentsOf } from '../segment/segment.js'
import { type Connection, connect } from '../sqlite/database.js'
import { endOf, unsettledSegments } from '../sqlite/load.js'
import { PlaceFact } from '../sqlite/place-fact.js'
import { migrate, schemaVersion } from '../sqlite/schema.js'
import { SegmentTable } from '../sqlite/segment-table.js'

export interface OpenTask {
  readonly kind: 'open'
  /** The image, packed. */
  readonly file: string
  /** A directory for the journal. */
  readonly to: string
  readonly facts: ImageFacts
}

/** @throws SetupError `JournalCorrupt`, `JournalTooNew`, `JournalFull`. */
export async function openImage({ file, to, facts }: OpenTask): Promise<void> {
  const files = journalFiles(to)
  assertReadable(facts.schema, files)
  await unpack(file, files, facts)
  const db = connect(files.journal, { readOnly: false, durability: 'normal', bytesMax: undefined })
  try {
    migrate(db, files.journal, false)
    const segments = new SegmentTable(db, files.journal)
    const end = endOf(segments.newest())
    const found = {
      position: end.position,
      commits: end.number,
      chain: end.hash.toString('hex'),
      sequence: new PlaceFact(db).read().log?.sequence,
    }
    for (const [what, value] of Object.entries({ ...facts, sequence: facts.log.sequence }))
      if (what in found && found[what as keyof typeof found] !== value)
        throw damaged(files, `${what} ${String(value)}`, String(found[what as keyof typeof found]))
    for (const segment of unsettledSegments(db, segments)) contentsOf(segment)
    keepSnapshots(db)
    new HighWaterFile(files.highWater, end, 1).close()
  } finally {
    db.close()
  }
  syncFile(files.journal)
}

/** Said before anything is unpacked: of a schema that is not known, not even where it ends can be read. */
function assertReadable(schema: number, { journal }: JournalFiles): void {
  if (schema > schemaVersion)
    throw new SetupError(
      'JournalTooNew',
      `an image has schema ${schema}: this release knows schemas up to ${schemaVersion}, use a later one`,
      { file: journal, found: schema, known: schemaVersion },
    )
}

function keepSnapshots(db: Connection): void {
  db.exec(
    `INSERT INTO snapshot (actor, seq, checksum, record)
     SELECT no, seq, checksum, record FROM actor WHERE status = 'active'`,
  )
}

async function unpack(file: string, files: JournalFiles, facts: ImageFacts): Promise<void> {
  const hash = createHash('sha256')
  let bytes = 0
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      hash.update(chunk)
      // However little it is packed: no more is written than there must be.
      done(bytes > facts.journalBytes ? damaged(files, `${facts.journalBytes} bytes`, 'more') : null, chunk)
    },
  })
  try {
    await pipeline(createReadStream(file), createInflateRaw(), measured, createWriteStream(files.journal))
  } catch (error) {
    if (/^Z_/.test(String((error as { code?: unknown }).code)))
      throw damaged(files, 'what can be unpacked', (error as Error).message)
    throw error
  }
  const sha256 = hash.digest('hex')
  if (bytes !== facts.journalBytes || sha256 !== facts.journalSha256)
    throw damaged(
      files,
      `${facts.journalBytes} bytes with SHA-256 ${facts.journalSha256}`,
      `${bytes} bytes with ${sha256}`,
    )
}

function damaged({ journal }: JournalFiles, expected: string, found: string): SetupError {
  return new SetupError('JournalCorrupt', `an image is damaged: expected ${expected}, found ${found}`, {
    file: journal,
    expected,
    found,
  })
}
