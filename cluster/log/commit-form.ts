/** How a commit is written down to travel. Filled in by the composition: the bytes are the journal's own. */
import type { Commit } from '../../actors/commit.js'

export interface CommitForm {
  pack(commit: Commit): Buffer
  /** @throws Error when they are no commit. */
  unpack(bytes: Buffer): Commit
}
