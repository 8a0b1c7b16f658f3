/**
 * Keeps one key in the bucket of members: this member's lease. Each heartbeat is a conditional write on the one
 * before it, and who holds a member for dead removes its key by a conditional write as well. So one of the two comes
 * first for everybody: a member whose heartbeat is acknowledged was not declared dead by anyone before, however long
 * it was away.
 *
 * Owns: the revisions of the key, the lease cell. Does not own: when to beat (heartbeat-worker.ts).
 * Invariant: a renewal counts from the moment before its write was sent, and only once it is acknowledged.
 */
import type { KV } from '@nats-io/kv'
import { UnavailableError } from '../../actors/errors.js'
import { isRevisionConflict, REMOVED_FOR } from './buckets.js'
import { instant, type LeaseCell } from './lease-cell.js'
import { lifeOf, type MemberAbout, type MemberRecord, readMember } from './member-record.js'

export interface Life {
  readonly name: string
  /** How many lives were lost before it. */
  readonly losses: number
}

export interface RenewalSite {
  readonly kv: KV
  readonly cell: LeaseCell
  /** How long an answer is waited for. */
  readonly answerMsMax: number
  onLife(life: Life): void
  onLost(reason: string): void
}

const STALE_READS_MAX = 3

export class LeaseRenewal {
  readonly #site: RenewalSite
  #about: MemberAbout
  #revision = 0
  #life: string | undefined
  #staleReads = 0

  constructor(site: RenewalSite, about: MemberAbout) {
    this.#site = site
    this.#about = about
  }

  /** What the next heartbeat says. */
  say(about: MemberAbout): void {
    this.#about = about
  }

  /**
   * One heartbeat. Answers whether the lease was renewed; when it was not, the next may begin at once.
   * @throws UnavailableError when no server answered: nothing is known.
   */
  async beat(): Promise<boolean> {
    const { kv, cell, answerMsMax } = this.#site
    const key = this.#about.id
    if (this.#life === undefined) this.#revision = (await kv.get(key))?.revision ?? 0
    const begun = instant()
    try {
      this.#revision = await kv.put(key, this.#bytes(begun.wallMs), {
        previousSeq: this.#revision,
        timeout: answerMsMax,
      })
    } catch (error) {
      if (!isRevisionConflict(error))
        throw new UnavailableError(`member ${key}: its heartbeat was not acknowledged: ${String(error)}`)
      await this.#conflict()
      return false
    }
    if (this.#life === undefined) await this.#begin()
    cell.renewed(begun)
    return true
  }

  /** Removes the key, if it is still this life's. */
  async end(): Promise<void> {
    if (this.#life === undefined) return
    this.#site.cell.lost()
    this.#life = undefined
    const previousSeq = this.#revision
    await this.#site.kv.purge(this.#about.id, { previousSeq, ttl: REMOVED_FOR }).catch((error: unknown) => {
      if (!isRevisionConflict(error)) throw error
    })
  }

  async #begin(): Promise<void> {
    const status = await this.#site.kv.status()
    this.#life = lifeOf(status.streamInfo.created, this.#revision)
    this.#site.onLife({ name: this.#life, losses: this.#site.cell.losses })
  }

  /** The key is not as this member wrote it last: by a write of its own whose answer was lost, or by another's. */
  async #conflict(): Promise<void> {
    const found = await this.#site.kv.get(this.#about.id)
    // A replica may answer that is behind: the next heartbeats ask again. A stream that went back stays behind.
    if (found !== null && found.revision <= this.#revision && ++this.#staleReads < STALE_READS_MAX) return
    this.#staleReads = 0
    const record = found?.operation === 'PUT' ? readMember(found.key, found.value) : undefined
    if (found !== null && record !== undefined && this.#life !== undefined && this.#isMine(record)) {
      this.#revision = found.revision
      return
    }
    if (this.#life === undefined) return
    this.#life = undefined
    this.#site.cell.lost()
    this.#site.onLost(
      record === undefined
        ? 'its key was removed: others held it for dead, or the bucket was made anew'
        : `another process goes by the same id: ${record.program} on ${record.host}, pid ${record.pid}`,
    )
  }

  #isMine(record: MemberRecord): boolean {
    const { since, host, pid } = this.#about
    return record.since === since && record.host === host && record.pid === pid
  }

  #bytes(clock: number): string {
    const record: MemberRecord = {
      ...this.#about,
      clock,
      ...(this.#life === undefined ? {} : { life: this.#life }),
    }
    return JSON.stringify(record)
  }
}
