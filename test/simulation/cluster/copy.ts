/** A shard's copy on the disk of one member. It is written behind the log: what a crash leaves of it may lack the last commits. */
import type { Commit } from '../../../actors/commit.js'
import type { LogPosition } from '../../../actors/journal.js'
import { MemoryJournal } from '../../../journal/index.js'
import type { Random } from '../random.js'

/** Commits that may not be written yet. */
const BEHIND_MAX = 8

export class Copy {
  journal = new MemoryJournal()
  readonly #random: Random
  #commits: { readonly commit: Commit; readonly at: LogPosition | undefined }[] = []

  constructor(random: Random) {
    this.#random = random
  }

  async append(commit: Commit, at: LogPosition | undefined): Promise<void> {
    await this.journal.append(commit, at)
    this.#commits.push({ commit, at })
  }

  /** Its process died. */
  crash(): void {
    const lost = this.#random.pick([0, 0, this.#random.between(0, BEHIND_MAX)])
    if (lost === 0) return
    const left = this.#commits.slice(0, Math.max(0, this.#commits.length - lost))
    this.#commits = left
    const journal = new MemoryJournal()
    this.journal = journal
    for (const { commit, at } of left) void journal.append(commit, at)
  }
}
