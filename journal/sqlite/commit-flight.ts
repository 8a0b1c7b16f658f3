/** What a journal remembers of the commit that is being written, until it hears how that went. */
import type { Commit } from '../../actors/commit.js'
import type { JournalPlace } from '../journal-place.js'
import type { PackedSegment } from '../segment/segment.js'

export interface CommitFlight {
  readonly segment: PackedSegment
  readonly commit: Commit
  /** Where the journal stands with it. */
  readonly place: JournalPlace
  readonly landed: () => void
  readonly lost: (error: unknown) => void
}
