/**
 * The log of a cluster as one member writes to it: claims of shards, and the commits of those it claimed. The fence is
 * here: a commit must follow the very message that its shard's owner wrote last.
 */
import { nuid } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import type { Commit } from '../../actors/commit.js'
import { FencedError, UnavailableError } from '../../actors/errors.js'
import type { LogPosition } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { StatesBefore } from '../../actors/logged-commit.js'
import type { ClusterConnection } from '../connection.js'
import type { ClusterObserver } from '../observer.js'
import type { ClusterGround } from '../streams/setup.js'
import type { CommitForm, CommitWriter } from './commit-form.js'
import { type CommitSite, claimWriting, commitWriting, type LogWriting } from './commit-messages.js'
import { Flights, type Followed } from './flights.js'
import { positionOf, type StoredLogMessage } from './log-message.js'
import { lastMessage, messageAt } from './stream-reads.js'
import { verifyPosition } from './verify-position.js'

export interface CommitLogSite extends CommitSite {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  readonly form: CommitForm
  readonly clock: Clock
  readonly limits: Limits
  /** This one's id. */
  readonly member: string
  readonly observer?: ClusterObserver
}

/** Where a shard's log ends, and who wrote that. */
export interface LastPosition extends LogPosition {
  readonly epoch: number
  readonly member: string
  readonly commitId: string
  /** Messages it is made of. */
  readonly chunks: number
}

/** One shard's log, as its owner writes to it. */
export interface ShardLog {
  /** Where the claim stands. */
  readonly claimed: LogPosition
  /**
   * Durable when it resolves. One at a time.
   * @param before what all who follow the log have of the commit before; absent: every record is written whole.
   * @throws FencedError when another member has claimed the shard: nothing of it was written, nor can be later.
   * CommitTooLargeError: nothing was written. UnavailableError when it was released, or the connection closed, before
   * the outcome was known: the log must be read to learn it. LogMismatchError when the log is not the one it was.
   */
  append(commit: Commit, before?: StatesBefore): Promise<LogPosition>
  /** Nothing is appended any more; what is on its way may land or not. */
  release(): void
}

export class ClusterCommitLog {
  readonly #site: CommitLogSite
  readonly #flights: Flights

  constructor(site: CommitLogSite) {
    this.#site = site
    this.#flights = new Flights(site)
  }

  /** The shard's last commit or claim; undefined when it never had one. */
  async last(shard: number): Promise<LastPosition | undefined> {
    const last = await lastMessage(this.#site, shard)
    if (last === undefined) return undefined
    const { epoch, member, commitId, chunks } = last
    return { ...positionOf(await this.#firstChunk(last)), epoch, member, commitId, chunks }
  }

  /**
   * From then on nobody else's append for the shard succeeds until another claim.
   * @param after the shard's last commit or claim as this member has read it; undefined: it never had one.
   * @param known how the log ends, if that was just looked up.
   * @returns undefined when it is not the last any more, or a higher epoch is there: the race was lost.
   * @throws LogMismatchError when `after` does not hold in this log.
   */
  async claim(
    shard: number,
    epoch: number,
    after: LogPosition | undefined,
    known?: LastPosition,
  ): Promise<ShardLog | undefined> {
    const last = known ?? (await this.last(shard))
    if (last?.sequence !== after?.sequence || last?.hash !== after?.hash) {
      // Others have come after it, or it is not there any more.
      if (after !== undefined) await verifyPosition(this.#site, shard, after)
      return undefined
    }
    if (last !== undefined && last.epoch > epoch) return undefined
    const follows =
      last?.incarnation === this.#site.ground.incarnation
        ? { sequence: last.sequence + last.chunks - 1, commitId: last.commitId }
        : undefined
    const writing = claimWriting(this.#site, shard, epoch, nuid.next())
    const ended = new AbortController()
    const landing = await this.#flights.append({ writing, follows, signal: ended.signal })
    if (landing.kind === 'lost') return undefined
    return new OwnedShard(this.#site, this.#flights, epoch, writing, landing.sequence)
  }

  async #firstChunk(last: StoredLogMessage): Promise<StoredLogMessage> {
    const first = last.chunk === 1 ? last : await messageAt(this.#site, last.sequence - last.chunk + 1)
    if (typeof first === 'object' && first.commitId === last.commitId) return first
    throw new UnavailableError(
      `shard ${last.shard}: expected the first chunk of commit ${last.commitId} before message ${last.sequence}, found none`,
    )
  }
}

class OwnedShard implements ShardLog {
  readonly claimed: LogPosition
  readonly #site: CommitLogSite
  readonly #flights: Flights
  readonly #shard: number
  readonly #epoch: number
  readonly #ended = new AbortController()
  readonly #writer: CommitWriter
  /** The last message it wrote to its commit subject. */
  #follows: Followed
  #isBusy = false
  #failure: Error | undefined

  constructor(site: CommitLogSite, flights: Flights, epoch: number, claim: LogWriting, sequence: number) {
    this.#site = site
    this.#flights = flights
    this.#writer = site.form.writer()
    this.#shard = claim.shard
    this.#epoch = epoch
    this.#follows = { sequence, commitId: claim.commitId }
    this.claimed = { incarnation: site.ground.incarnation, sequence, hash: claim.hash }
  }

  async append(commit: Commit, before?: StatesBefore): Promise<LogPosition> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#isBusy) throw new Error(`shard ${this.#shard}: a commit is on its way already`)
    const bytes = this.#writer.pack(commit, before)
    const writing = commitWriting(this.#site, this.#shard, this.#epoch, nuid.next(), commit, bytes)
    this.#isBusy = true
    try {
      return await this.#fly(writing)
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
      throw error
    } finally {
      this.#isBusy = false
    }
  }

  async #fly(writing: LogWriting): Promise<LogPosition> {
    const landing = await this.#flights.append({
      writing,
      follows: this.#follows,
      signal: this.#ended.signal,
    })
    if (landing.kind === 'lost') throw new FencedError(this.#shard, landing.to, this.#epoch)
    this.#follows = { sequence: landing.sequence + writing.chunks - 1, commitId: writing.commitId }
    return { incarnation: this.#site.ground.incarnation, sequence: landing.sequence, hash: writing.hash }
  }

  release(): void {
    this.#failure ??= new UnavailableError(`shard ${this.#shard} was released`)
    this.#ended.abort()
  }
}
