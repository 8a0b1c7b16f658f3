/**
 * What the log holds of a shard, held against a journal that does not fit it: from which position on, how far, and up
 * to where the two agree.
 */
import type { Commit } from '../../actors/commit.js'
import { LogMismatchError } from '../../actors/errors.js'
import { followCommits, type ReaderSite } from './commit-reader.js'
import { logState } from './stream-reads.js'

export interface LogSurvey {
  /** Position of the first entry; undefined: there is none. More than 1: what came before is purged. */
  readonly first: number | undefined
  /** Position of the last entry; 0: there is none. */
  readonly last: number
  /** Position of the last entry that both have. */
  readonly agreed: number
}

/** A commit as a journal keeps it. Two that begin at one position and were made in the same millisecond are one. */
type KeptCommit = Pick<Commit, 'first' | 'at' | 'entries'>

/**
 * @param own the journal's commits in order, as far as it keeps them.
 * @throws LogMismatchError when the stream is another one by now, or part of it is purged; UnavailableError.
 */
export async function surveyLog(
  site: ReaderSite,
  shard: number,
  own: Iterator<KeptCommit>,
): Promise<LogSurvey> {
  const { names, journalCreated } = site.ground
  const created = (await logState(site))?.created ?? 'no time'
  if (created !== journalCreated)
    throw new LogMismatchError(
      'another stream',
      { stream: names.journalStream, shard },
      `the one made at ${journalCreated}`,
      `one made at ${created}`,
    )
  const comparison = new Comparison(own)
  const reader = followCommits(site, shard, 'anything', ({ commit }) => {
    if (commit !== undefined && commit.entries.length > 0) comparison.add(commit)
  })
  try {
    await reader.caughtUp()
  } finally {
    await reader.stop()
  }
  const { first, last, agreed } = comparison
  return { first, last, agreed }
}

class Comparison implements LogSurvey {
  first: number | undefined
  last = 0
  agreed = 0
  readonly #own: Iterator<KeptCommit>
  #next: KeptCommit | undefined
  #agrees = true

  constructor(own: Iterator<KeptCommit>) {
    this.#own = own
    this.#step()
  }

  add({ first, at, entries }: KeptCommit): void {
    if (this.first === undefined) {
      this.first = first
      // What was purged cannot be held against anything.
      while (this.#next !== undefined && this.#next.first < first) this.#step()
    }
    this.last = first + entries.length - 1
    if (!this.#agrees || this.#next === undefined) return
    // What the journal has pruned cannot be held against anything.
    if (this.#next.first > this.last) return
    this.#agrees =
      this.#next.first === first && this.#next.at === at && this.#next.entries.length === entries.length
    if (!this.#agrees) return
    this.agreed = this.last
    this.#step()
  }

  #step(): void {
    do {
      const { value, done } = this.#own.next()
      this.#next = done === true ? undefined : value
    } while (this.#next?.entries.length === 0)
  }
}
