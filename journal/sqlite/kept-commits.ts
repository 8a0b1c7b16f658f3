/** Commits read back from the file, in order, as far as they are kept. */
import type { StoredCommit } from '../../actors/journal.js'
import { entryAt, entryCount, tailOf } from '../segment/segment.js'
import type { KeptSegment } from './segment-table.js'
import { WalkedRecords } from './walked-records.js'

/** @param next the next segment; undefined at the end. */
export function* keptCommits(next: () => KeptSegment | undefined): IterableIterator<StoredCommit> {
  const walked = new WalkedRecords()
  for (let segment = next(); segment !== undefined; segment = next()) {
    const { stub, entries, records } = segment
    if (entries === undefined) continue
    yield {
      first: stub.first,
      at: stub.at,
      entries: Array.from({ length: entryCount(entries) }, (_, index) => entryAt(entries, index)),
      ...tailOf(entries),
      records: records === undefined ? [] : walked.next(records),
    }
  }
}
