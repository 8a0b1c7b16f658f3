/**
 * What opening a journal reads and checks: that it reaches its high-water mark, that the tail of the chain
 * holds, and what is not settled yet. Nothing an actor; the rest of the chain is verified as it is read.
 */
import { crc32 } from 'node:zlib'
import { SetupError } from '../../actors/errors.js'
import type { JournalFiles } from '../files/directory.js'
import type { HighWaterMark, readHighWater } from '../files/high-water.js'
import { chainStart, type Segment, type SegmentStub } from '../segment/segment.js'
import type { Connection } from './database.js'
import type { SegmentTable } from './segment-table.js'

/** Where the journal ends. */
export function endOf(newest: SegmentStub | undefined): HighWaterMark {
  if (newest === undefined) return { number: 0, position: 0, hash: chainStart }
  return { number: newest.number, position: newest.last, hash: newest.hash }
}

/**
 * Whether the journal is all there.
 *
 * A journal that has commits and no readable mark is refused too: a mark is made before the first commit, so
 * someone took it away, and with it the only witness. An operator who knows opens with `acceptLoss`.
 * @throws SetupError `JournalTruncated` with the positions lost.
 */
export function checkHighWater(
  files: JournalFiles,
  mark: ReturnType<typeof readHighWater>,
  segments: SegmentTable,
): void {
  const end = endOf(segments.newest())
  if (mark === 'missing' || mark === 'damaged') {
    if (end.number === 0) return
    throw truncated(files, `its high-water mark is ${mark}`, { mark, position: end.position })
  }
  if (mark.number === 0) return
  if (mark.number > end.number)
    throw truncated(files, `it ends at position ${end.position}, commits reached ${mark.position}`, {
      from: end.position + 1,
      to: mark.position,
    })
  const marked = segments.stub(mark.number)
  if (marked?.hash.equals(mark.hash)) return
  throw truncated(files, `its commit at position ${mark.position} is not the one that was made`, {
    from: marked?.first ?? end.position + 1,
    to: mark.position,
  })
}

/** The settled state as the `fact` table holds it. */
export const settledFact = { number: 'settled', pending: 'pending', pendingCrc: 'pending_crc' }

/** How far settling has come, and the bytes of the commands that were pending then. */
export interface Settled {
  readonly number: number
  readonly pending: Buffer | undefined
}

export function readSettled(db: Connection): Settled {
  const facts = new Map<string, unknown>()
  for (const { name, value } of db.prepare('SELECT name, value FROM fact').all() as FactRow[])
    facts.set(name, value)
  const pending = facts.get(settledFact.pending) as Buffer | undefined
  if (pending !== undefined && crc32(pending) !== facts.get(settledFact.pendingCrc))
    throw new SetupError('JournalCorrupt', `${db.name}: the list of pending commands is damaged`, {
      file: db.name,
    })
  return { number: (facts.get(settledFact.number) as number | undefined) ?? 0, pending }
}

/**
 * What is not settled yet, each commit checked against the chain.
 * @throws SetupError `JournalCorrupt` when the tail is damaged.
 */
export function* unsettledSegments(db: Connection, segments: SegmentTable): IterableIterator<Segment> {
  for (const { stub, entries, records } of segments.walkFrom(readSettled(db).number + 1)) {
    if (entries === undefined || records === undefined) throw segments.corrupt(stub, 'part of it is gone')
    yield { ...stub, entries, records }
  }
}

interface FactRow {
  readonly name: string
  readonly value: unknown
}

function truncated(files: JournalFiles, found: string, details: Record<string, unknown>): SetupError {
  return new SetupError(
    'JournalTruncated',
    `${files.journal} does not reach as far as it did: ${found}. Restore it, or open it with acceptLoss to go on without them`,
    { file: files.journal, ...details },
  )
}
