/**
 * Who lives, as this member sees it: the bucket of members, and its judgement on those who fell silent. A member is
 * alive while its key stands. One whose revision did not change for a whole term since it was first seen here has
 * its key removed, on the condition that it still has that revision: then it is dead for everybody, at one place in
 * one order, and its next heartbeat is refused (lease-renewal.ts).
 *
 * Invariant: whoever is cut off judges nobody. A term counts only while this member's own heartbeats come back
 * through the watch, and begins anew for all when they come back after a gap.
 */
import type { Clock } from '../../actors/clock.js'
import type { Limits } from '../../actors/limits.js'
import { type BucketSite, BucketView, type Seen } from './bucket-view.js'
import { isRevisionConflict, REMOVED_FOR } from './buckets.js'
import { instant } from './lease-cell.js'
import { beganBy, isOfBucket, lifeOf, type MemberRecord, readMember } from './member-record.js'

export interface LivingSite
  extends Pick<BucketSite<MemberRecord>, 'nc' | 'bucket' | 'replicas' | 'onTrouble'> {
  readonly clock: Clock
  readonly limits: Limits
  /** The id of this member. */
  readonly me: string
  /** Somebody came, went, or says something else of itself than before. */
  onChange(): void
  /** A heartbeat of this member came back. */
  onOwn(): void
}

export interface LivingMember {
  readonly record: MemberRecord
  readonly life: string
  /** When its last heartbeat was first seen here, by the steady clock of this process. */
  readonly observedMs: number
}

export class Living {
  readonly #site: LivingSite
  readonly #view: BucketView<MemberRecord>
  #told = ''
  #ownSeenMs = Number.NEGATIVE_INFINITY
  #fairSinceMs = 0
  #skewMs = 0
  #cancelJudge = (): void => undefined
  #isClosed = false

  constructor(site: LivingSite) {
    this.#site = site
    this.#view = new BucketView({
      ...site,
      checkMs: site.limits.leaseMs / 3,
      decode: readMember,
      onChange: key => this.#changed(key),
    })
  }

  async open(): Promise<void> {
    await this.#view.open()
  }

  close(): void {
    this.#isClosed = true
    this.#cancelJudge()
    this.#view.close()
  }

  get members(): readonly LivingMember[] {
    return [...this.#view.entries].map(([id, seen]) => this.#member(id, seen))
  }

  get(id: string): LivingMember | undefined {
    const seen = this.#view.entries.get(id)
    return seen === undefined ? undefined : this.#member(id, seen)
  }

  /** Whether that life is over for everybody. False as well where this member cannot know yet. */
  isOver(id: string, life: string): boolean {
    if (this.get(id)?.life === life) return false
    return beganBy(life, this.#view.created, this.#view.seen)
  }

  /** The same, and of a life that began in a bucket which is no more. */
  isPast(id: string, life: string): boolean {
    return this.get(id)?.life !== life && (this.isOver(id, life) || !isOfBucket(life, this.#view.created))
  }

  /** How far the wall clock of this process is ahead of the servers' at least, in ms; below 0 when it is behind. */
  get skewMs(): number {
    return this.#skewMs
  }

  /** When a heartbeat of this member last came back, by the steady clock. */
  get ownSeenMs(): number {
    return this.#ownSeenMs
  }

  /** Now, by the servers' clock, as far as it is known. */
  get serverNowMs(): number | undefined {
    const own = this.#view.entries.get(this.#site.me)
    return own === undefined ? undefined : own.createdMs + this.#site.clock.elapsed() - own.observedMs
  }

  #member(id: string, { value, revision, observedMs }: Seen<MemberRecord>): LivingMember {
    const life = value.life ?? lifeOf(this.#view.created, revision)
    return { record: { ...value, id }, life, observedMs }
  }

  #changed(key: string | undefined): void {
    if (this.#isClosed) return
    const own = this.#view.entries.get(this.#site.me)
    if (own !== undefined && own.revision > 0 && (key === this.#site.me || key === undefined))
      this.#hearOwn(own)
    const told = this.members.map(({ record: { clock: _, life: __, ...about }, life }) => [about, life])
    const now = JSON.stringify(told.sort())
    if (now !== this.#told) {
      this.#told = now
      this.#site.onChange()
    }
    this.#judgeLater()
  }

  #hearOwn({ value, createdMs, observedMs }: Seen<MemberRecord>): void {
    const { wallMs } = instant()
    // The server wrote between the beginning of the heartbeat and now, if the clocks agree.
    this.#skewMs = Math.max(0, value.clock - createdMs) - Math.max(0, createdMs - wallMs)
    if (observedMs - this.#ownSeenMs > this.#gapMsMax) this.#fairSinceMs = observedMs
    this.#ownSeenMs = Math.max(this.#ownSeenMs, observedMs)
    this.#site.onOwn()
  }

  /** Two heartbeats: whoever does not hear its own for longer is cut off. */
  get #gapMsMax(): number {
    return (this.#site.limits.leaseMs * 2) / 3
  }

  #overdueMs(seen: Seen<MemberRecord>): number {
    const since = Math.max(seen.observedMs, this.#fairSinceMs)
    return this.#site.clock.elapsed() - since - this.#site.limits.leaseMs
  }

  #judgeLater(waitMsMin = 0): void {
    this.#cancelJudge()
    const { me, clock } = this.#site
    const waits = [...this.#view.entries]
      .filter(([id]) => id !== me)
      .map(([, seen]) => -this.#overdueMs(seen))
    if (waits.length === 0) return
    this.#cancelJudge = clock.after(Math.max(waitMsMin, Math.min(...waits)), () => {
      this.#judge().catch((error: unknown) =>
        this.#site.onTrouble(`a member was not removed: ${String(error)}`),
      )
    })
  }

  async #judge(): Promise<void> {
    const { me, clock, limits } = this.#site
    try {
      if (clock.elapsed() - this.#ownSeenMs > this.#gapMsMax) return
      for (const [id, seen] of [...this.#view.entries])
        if (id !== me && this.#overdueMs(seen) >= 0) await this.#remove(id, seen)
    } finally {
      if (!this.#isClosed) this.#judgeLater(limits.leaseMs / 12)
    }
  }

  async #remove(id: string, { revision }: Seen<MemberRecord>): Promise<void> {
    if (revision > 0) {
      try {
        await this.#view.kv.purge(id, { previousSeq: revision, ttl: REMOVED_FOR })
      } catch (error) {
        // It beats, or somebody else removed it: the watch will tell.
        if (isRevisionConflict(error)) return
        throw error
      }
    }
    if (this.#view.entries.get(id)?.revision === revision) this.#view.forget(id)
  }
}
