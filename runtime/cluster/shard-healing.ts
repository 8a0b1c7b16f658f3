/**
 * What becomes of a journal that does not fit the log: set aside where the log has all that the shard needs, so that
 * the shard is read again from there, or from an image where the log does not begin with it; kept where it may hold what the log has lost, and the shard stopped.
 *
 * Invariants: nothing is deleted; of two that differ, the longer one is never given up without an operator's word; what
 * is given up is reported by its positions.
 */

import type { Clock } from '../../actors/clock.js'
import type { Commit } from '../../actors/commit.js'
import { LogMismatchError, UnavailableError } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { LogSurvey, LostTail, LostTails } from '../../cluster/index.js'
import type { HostLogger } from '../shard-host-options.js'

export interface ShardHealingSite {
  readonly member: string
  /** Of the log. */
  readonly stream: string
  readonly incarnation: number
  readonly clock: Clock
  readonly limits: Limits
  readonly lostTails: LostTails
  readonly logger: HostLogger
  /** An operator's word: what the log has lost is lost, though a journal holds it. */
  readonly acceptLogLoss: boolean
  openJournal(shard: number): Journal
  /** @throws LogMismatchError when the log is not there any more. */
  survey(shard: number, own: ReturnType<Journal['commits']>): Promise<LogSurvey>
  /**
   * Makes the shard's journal anew from an image.
   * @param log what was found in the log, for people.
   * @param makeRoom called once that journal is there, to move what is in its place.
   * @throws LogMismatchError when there is no image that can be used.
   */
  beginWithImage(shard: number, log: string, makeRoom: () => void): Promise<{ readonly position: number }>
  setAside(shard: number, position: number): string
}

const WHAT_TO_DO =
  'bring back a store of the servers that holds it, or start with cluster.acceptLogLoss to go on without it'
const OF_LOST_COMMANDS =
  'bring back a store of the servers that holds it; or start with cluster.acceptLogLoss, and what the stream has now is read from its beginning'
const OF_AN_EMPTY_LOG =
  'bring back a store of the servers that holds it; or delete the streams and start with cluster.acceptLogLoss, and it goes on from the journals; or move the directory of the shard away'

/** What is known of a shard that is to be taken over. */
export interface Wholeness {
  /** Of the journal here. */
  readonly position: number
  /** Whether the log has nothing of it. */
  readonly isEmpty: boolean
  readonly tail: LostTail | undefined
}

export class ShardHealing {
  readonly #site: ShardHealingSite
  /** By shard, the commit that said what changed of another state than the journal here had. */
  readonly #unfit = new Map<number, string>()

  constructor(site: ShardHealingSite) {
    this.#site = site
  }

  /**
   * Resolves when the shard may be tried again, from an empty journal. The journal here must be closed.
   * @throws LogMismatchError when it must not.
   */
  async heal(shard: number, mismatch: LogMismatchError): Promise<void> {
    const { stream, logger, acceptLogLoss, lostTails } = this.#site
    if (mismatch.details.stream !== stream) throw withAdvice(mismatch, shard)
    if (mismatch.kind === 'another state') this.#assertFirst(shard, mismatch)
    const { position, survey } = await this.#held(shard)
    const { first, last, agreed } = survey
    // Nothing is given up for a log that is empty: it is no log of this shard at all.
    const mayGiveUp = acceptLogLoss && first !== undefined
    const isLonger = last < position || (mismatch.kind === 'gone backwards' && agreed === position)
    if (isLonger && !mayGiveUp) {
      await lostTails.note(shard, { member: this.#site.member, position, logPosition: last })
      throw new LogMismatchError(
        'gone backwards',
        { stream, shard },
        `all of the journal here, up to position ${position}`,
        `entries up to ${last} (${mismatch.message}); the journal stays as it is: ${first === undefined ? OF_AN_EMPTY_LOG : WHAT_TO_DO}`,
      )
    }
    if (first !== undefined && first !== 1) return this.#beginWithImage(shard, position, survey, mismatch)
    if (position === 0) throw mismatch
    const aside = this.#site.setAside(shard, position)
    const facts = { shard, aside, position, agreed, logPosition: last, given: position - agreed }
    logger.error(
      { ...facts, reason: mismatch.message },
      'a journal does not fit the log and was set aside; the shard is read again from the log',
    )
  }

  /** Where the shard was read anew and comes to the same commit with the same, nothing here would mend it. @throws the mismatch */
  #assertFirst(shard: number, mismatch: LogMismatchError): void {
    const { address, position } = mismatch.details
    const unfit = `${address} ${position}`
    if (this.#unfit.get(shard) === unfit) throw mismatch
    this.#unfit.set(shard, unfit)
  }

  /** What the log is known to have lost of the shard. */
  lostTail(shard: number): Promise<LostTail | undefined> {
    return this.#site.lostTails.get(shard)
  }

  /** From an empty journal the shard comes back only by all of its log. */
  async #beginWithImage(
    shard: number,
    position: number,
    { first, last }: LogSurvey,
    mismatch: LogMismatchError,
  ): Promise<void> {
    let aside: string | undefined
    const log = `entries ${first} to ${last}, while the journal here ends at ${position}`
    const image = await this.#site.beginWithImage(shard, log, () => {
      if (position > 0) aside = this.#site.setAside(shard, position)
    })
    const facts = { shard, aside, position, logFirst: first, image: image.position }
    this.#site.logger.error(
      { ...facts, reason: mismatch.message },
      'a log had let go of what a journal lacks; the shard begins again with an image',
    )
  }

  /** Tells the others of a journal that goes on from an earlier life of the log: the longest is to go on. */
  async announce(shard: number, position: number): Promise<void> {
    await this.#site.lostTails.note(shard, { member: this.#site.member, position, logPosition: 0 })
  }

  /**
   * @throws UnavailableError while another member holds what the log has lost of the shard, and this one does not.
   */
  async assertWhole(shard: number, { position, isEmpty, tail: known }: Wholeness): Promise<void> {
    const { lostTails, acceptLogLoss, logger, clock, limits, incarnation } = this.#site
    // Made anew, it may go on from a journal whose member is not here yet to say so.
    const mayBeAnnounced = isEmpty && incarnation > 1
    if (mayBeAnnounced) await new Promise<void>(resolve => clock.after(limits.logRemadeWaitMs, resolve))
    const tail = mayBeAnnounced ? await lostTails.get(shard) : known
    if (tail === undefined) return
    const mayGiveUp = acceptLogLoss && !isEmpty
    if (position < tail.position && !mayGiveUp)
      throw new UnavailableError(
        `shard ${shard}: the log has lost its entries ${tail.logPosition + 1} to ${tail.position}, which the journal of member '${tail.member}' holds: ${WHAT_TO_DO}`,
      )
    if (position < tail.position)
      logger.error({ shard, position, lost: tail }, 'a shard goes on without what its log has lost')
    await lostTails.forget(shard)
  }

  async #held(shard: number): Promise<{ readonly position: number; readonly survey: LogSurvey }> {
    const journal = this.#site.openJournal(shard)
    try {
      return { position: journal.position, survey: await this.#site.survey(shard, journal.commits(0)) }
    } finally {
      journal.close()
    }
  }
}

/** Of the stream of commands: journal and log are whole. */
function withAdvice({ kind, details }: LogMismatchError, shard: number): LogMismatchError {
  const { stream, expected, found } = details as Readonly<Record<string, string>>
  return new LogMismatchError(
    kind,
    { stream: stream ?? '', shard },
    expected ?? '',
    `${found}; ${OF_LOST_COMMANDS}`,
  )
}

/** @throws LogMismatchError for a commit that does not begin where a journal ends. */
export function assertNext(
  { first }: Pick<Commit, 'first'>,
  { position }: Journal,
  where: { readonly stream: string; readonly shard: number },
): void {
  if (first > position + 1) throw beginsLate(where.stream, where.shard, first)
  if (first <= position)
    throw new LogMismatchError(
      'another stream',
      where,
      `entries from ${position + 1} on, which follow those of the journal here`,
      `entries from ${first} on: another member's journal went on from there`,
    )
}

/** A log that does not begin with the shard cannot make it again. */
function beginsLate(stream: string, shard: number, first: number): LogMismatchError {
  return new LogMismatchError(
    'purged',
    { stream, shard },
    'the entries that follow those of the journal here',
    `entries from ${first} on: a journal that goes up to there must be copied from another member`,
  )
}
