/**
 * Where a member's shard commits: first to the log of the cluster, which makes the commit durable and refuses it when
 * another member has the shard by now; then to the journal here, its copy, which knows it at once and writes it soon.
 *
 * Invariant: the journal never holds what the log does not. It is behind by so many commits at the most: what it cannot
 * take in (no room on the disk) is tried again for as long as it takes; nothing leaves of that meanwhile.
 */
import type { Clock } from '../../actors/clock.js'
import type { Commit } from '../../actors/commit.js'
import { isJournalFull } from '../../actors/errors.js'
import type { CommitLog, Journal, LogPosition } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { StatesBefore } from '../../actors/logged-commit.js'
import type { HostLogger } from '../shard-host-options.js'

/** The log of a cluster, as one shard's owner writes to it. */
export interface SharedLog {
  /**
   * @param before what whoever follows it has of the commit before.
   * @throws FencedError when another member has committed to the shard.
   */
  append(commit: Commit, before: StatesBefore): Promise<LogPosition>
}

/** The journal here: as of the commit before, like those of all who follow the log. */
type Copy = Pick<Journal, 'append' | 'stateOf'>

export class ReplicatedLog implements CommitLog {
  readonly #log: SharedLog
  readonly #journal: Copy
  readonly #site: { readonly clock: Clock; readonly limits: Limits; readonly logger: HostLogger }
  #onItsWay: Promise<unknown> = Promise.resolve()

  constructor(
    log: SharedLog,
    journal: Copy,
    site: { readonly clock: Clock; readonly limits: Limits; readonly logger: HostLogger },
  ) {
    this.#log = log
    this.#journal = journal
    this.#site = site
  }

  append(commit: Commit): Promise<void> {
    const done = this.#append(commit)
    this.#onItsWay = done.catch(() => {})
    return done
  }

  /** Resolves when what was appended is in the journal here, or was refused. */
  async settled(): Promise<void> {
    await this.#onItsWay
  }

  async #append(commit: Commit): Promise<void> {
    const at = await this.#log.append(commit, address => this.#journal.stateOf(address))
    await bringHome(this.#journal, commit, at, this.#site)
  }
}

/** Appends a commit of the log to a journal here, however long that has no room. */
export async function bringHome(
  journal: CommitLog,
  commit: Commit,
  at: LogPosition,
  { clock, limits, logger }: { readonly clock: Clock; readonly limits: Limits; readonly logger: HostLogger },
): Promise<void> {
  for (;;) {
    try {
      return await journal.append(commit, at)
    } catch (error) {
      if (!isJournalFull(error)) throw error
      logger.error({ position: commit.first }, 'no room for the copy of a commit; it is tried again')
      await new Promise<void>(resolve => clock.after(limits.journalFullRetryMs, resolve))
    }
  }
}
