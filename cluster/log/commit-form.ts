/** How a commit is written down to travel. Filled in by the composition: the bytes are the journal's own. */
import type { Commit } from '../../actors/commit.js'
import type { LoggedCommit, StatesBefore } from '../../actors/logged-commit.js'

export interface CommitForm {
  /** For the commits of one shard from a claim on, each after the one before. */
  writer(): CommitWriter
  /** @throws Error when they are no commit. */
  unpack(bytes: Buffer): LoggedCommit
}

export interface CommitWriter {
  /**
   * @param before what whoever reads it will have; absent: every record is written whole.
   * @throws UnserialisableError when something in it cannot be restored.
   */
  pack(commit: Commit, before?: StatesBefore): Buffer
}
