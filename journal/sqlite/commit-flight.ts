/** A commit as the journal takes it in; and what it remembers of one that is being written, until it hears how that went. */
import type { Commit } from '../../actors/commit.js'
import type { JournalPlace } from '../journal-place.js'
import type { PackedSegment } from '../segment/segment.js'

export interface MadeCommit {
  readonly segment: PackedSegment
  readonly commit: Commit
  /** Where the journal stands with it. */
  readonly place: JournalPlace
}

export interface CommitFlight extends MadeCommit {
  readonly landed: () => void
  readonly lost: (error: unknown) => void
}
