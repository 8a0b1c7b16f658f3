/**
 * A member among members: whether it may act (its lease), who else lives, who owns which shard, what it should own.
 * The runtime asks, acts and tells; nothing here starts or stops a shard.
 *
 * Owns: this member's heartbeats, its view of the others, its claims. Does not own: the log's fence, which alone
 * decides whose commit counts; leases only decide who tries.
 * Invariant: at no moment do two members both find that they own a shard, as long as their clocks run at about
 * the same pace (`leaseMarginMs` in `leaseMs`).
 */
import type { Clock } from '../../actors/clock.js'
import type { Whereabouts } from '../../actors/command.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection, ClusterOptions } from '../connection.js'
import type { Names } from '../names.js'
import { assign, type Seat } from './assignment.js'
import { Heartbeat, type LeaseVitals } from './heartbeat.js'
import { Holdings, type Released } from './holdings.js'
import { Living, type LivingMember } from './living.js'
import type { MemberAbout } from './member-record.js'
import { type MemberView, viewsOf } from './member-view.js'
import { type HandOver, Moves } from './moves.js'
import { ShardTable } from './shard-table.js'

export interface MembershipSite {
  /** For what this thread reads and writes; heartbeats go over a connection of their own, made from `cluster`. */
  readonly connection: ClusterConnection
  readonly cluster: ClusterOptions
  readonly names: Names
  readonly shards: number
  /** Of the two buckets, should they have to be made. */
  readonly replicas: number
  readonly clock: Clock
  readonly limits: Limits
  readonly about: Pick<MemberAbout, 'id' | 'program' | 'host' | 'pid' | 'versions'> & {
    readonly weight?: number
  }
  /**
   * When the cluster was founded (its log made), ms since 1970 by the servers' clock. Given, the shards of a new
   * cluster can be claimed at once; otherwise a bucket of shards that has just been made is waited on for a term.
   */
  readonly foundedMs?: number
  /** What went wrong and is tried again: for a log, not for a decision. */
  onTrouble?(message: string): void
}

export type Validity = { readonly valid: true } | { readonly valid: false; readonly reason: string }

export class Membership {
  readonly id: string
  readonly #site: MembershipSite
  readonly #heartbeat: Heartbeat
  readonly #living: Living
  readonly #table: ShardTable
  readonly #holdings: Holdings
  readonly #moves: Moves
  readonly #listeners = new Set<() => void>()
  #about: MemberAbout
  #state: 'new' | 'joining' | 'joined' | 'left' = 'new'
  #lossReason: string | undefined
  #seats: readonly Seat[] | undefined
  #isTelling = false
  /** When this connection last left its server, by the steady clock. */
  #leftServerMs = Number.NEGATIVE_INFINITY
  #cancelTick = (): void => undefined

  constructor(site: MembershipSite) {
    const { connection, cluster, names, shards, replicas, clock, limits, about } = site
    this.id = about.id
    this.#site = site
    this.#about = { weight: 1, ...about, since: clock.now(), draining: false, skewed: false }
    const onTrouble = (message: string): void => site.onTrouble?.(message)
    const onChange = (): void => this.#changed()
    const life = (): string | undefined => (this.isValid() ? this.#heartbeat.life : undefined)
    const common = { nc: connection.nc, replicas, clock, limits, me: this.id, onTrouble, onChange }
    this.#heartbeat = new Heartbeat(
      {
        ...common,
        cluster,
        bucket: names.membersBucket,
        onLost: reason => this.#lost(reason),
        onLife: onChange,
      },
      this.#about,
    )
    this.#living = new Living({
      ...common,
      bucket: names.membersBucket,
      onChange: () => {
        this.#seats = undefined
        onChange()
      },
      onOwn: () => this.#heardOwn(),
    })
    this.#table = new ShardTable({
      ...common,
      bucket: names.shardsBucket,
      shards,
      checkMs: limits.leaseMs / 3,
    })
    const parts = { ...common, living: this.#living, table: this.#table, life }
    this.#holdings = new Holdings({ ...parts, foundedMs: site.foundedMs })
    this.#moves = new Moves({ ...parts, holdings: this.#holdings, seats: () => this.#assignment() })
  }

  /**
   * Resolves when this member lives for all, and knows who else does.
   * @throws UnavailableError when that cannot be reached; nothing of it stays.
   */
  async join(): Promise<void> {
    if (this.#state !== 'new') throw new Error(`member ${this.id} joins once, and has ${this.#state} already`)
    this.#state = 'joining'
    try {
      this.#heartbeat.start()
      await Promise.all([this.#living.open(), this.#table.open()])
      const { leaseMs, clusterConnectMs } = this.#site.limits
      if (!(await this.#until(() => this.#isHeard(), leaseMs + clusterConnectMs)))
        throw new UnavailableError(`member ${this.id}: no heartbeat of it came back in time`)
    } catch (error) {
      await this.#close()
      throw error
    }
    this.#state = 'joined'
    this.#tick()
  }

  /** Its shards are meant for others from now on. Resolves with whether all were handed over before the patience ended. */
  async drain(patienceMs: number = this.#site.limits.leaveMsMax): Promise<boolean> {
    if (this.#state !== 'joined') return this.#holdings.held.size === 0
    this.#say({ draining: true })
    this.#changed()
    const isAlone = (): boolean => !this.#living.members.some(isFit)
    return await this.#until(() => this.#holdings.held.size === 0 || isAlone(), patienceMs).then(
      () => this.#holdings.held.size === 0,
    )
  }

  /** Drains, gives up what nobody took, and is gone for all. What it still ran must have been stopped by then. */
  async leave(patienceMs: number = this.#site.limits.leaveMsMax): Promise<void> {
    if (this.#state === 'left') return
    await this.drain(patienceMs)
    await new Promise<void>(resolve => {
      const cancel = this.#site.clock.after(this.#site.limits.leaseMs, resolve)
      void this.#giveUpAll().then(() => {
        cancel()
        resolve()
      })
    })
    await this.#close()
  }

  /** Is gone without telling anybody: its lease runs out. */
  async abandon(): Promise<void> {
    if (this.#state !== 'left') await this.#close(0)
  }

  /** Whether this member's own lease certainly holds now. */
  isValid(): boolean {
    return this.#state !== 'left' && !this.#about.skewed && this.#heartbeat.life !== undefined
  }

  /** The same, with why not. */
  validity(): Validity {
    if (this.isValid()) return { valid: true }
    if (this.#state === 'left') return { valid: false, reason: `member ${this.id} has left` }
    const { clockSkewMsMax, leaseMs } = this.#site.limits
    if (this.#about.skewed)
      return {
        valid: false,
        reason: `the clock of member ${this.id} is ${this.#living.skewMs} ms from the servers': at most ${clockSkewMsMax} are allowed`,
      }
    const lost = this.#lossReason === undefined ? '' : ` (${this.#lossReason})`
    return { valid: false, reason: `member ${this.id} has not renewed its lease of ${leaseMs} ms${lost}` }
  }

  get vitals(): LeaseVitals {
    return this.#heartbeat.vitals
  }

  /** Whether the shard is this member's now, in that epoch. What `isOurs` of its host asks before anything leaves. */
  owns(shard: number, epoch: number): boolean {
    return this.isValid() && this.#holdings.held.get(shard) === epoch
  }

  /** Those who live, this member among them. */
  members(): readonly MemberView[] {
    return viewsOf(this.#living.members, this.#table, this.#site.clock.elapsed())
  }

  /** Told, at the end of the turn, when anything changed that the questions here answer. The answer ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Who owns the shard, if he is not known to be dead. */
  owner(shard: number): { readonly member: string; readonly epoch: number } | undefined {
    const record = this.#table.get(shard)?.value
    if (record?.owner === undefined || record.life === undefined) return undefined
    if (this.#living.isOver(record.owner, record.life)) return undefined
    return { member: record.owner, epoch: record.epoch }
  }

  /** The shards this member should own and stand by for, by rendezvous over those who live and do not leave. */
  wanted(): { readonly own: ReadonlySet<number>; readonly standby: ReadonlySet<number> } {
    const own = new Set<number>()
    const standby = new Set<number>()
    for (const [shard, seat] of this.#assignment().entries()) {
      if (seat.owner === this.id) own.add(shard)
      if (seat.standby === this.id) standby.add(shard)
    }
    return { own, standby }
  }

  /** Whether the shard's last owner, if it ever had one, gave it up in order. */
  isLeft(shard: number): boolean {
    return this.#table.get(shard)?.value.owner === undefined
  }

  /** The wanted shards that can be claimed now, and those that were released to this member before they were another's to want. */
  claimable(): readonly number[] {
    if (!this.isValid()) return []
    const { own } = this.wanted()
    const meant = Array.from({ length: this.#site.shards }, (_, shard) => shard).filter(
      shard => own.has(shard) || this.#holdings.isReleasedToMe(shard),
    )
    return meant.filter(shard => !this.#holdings.held.has(shard) && this.#holdings.isFree(shard))
  }

  /**
   * Answers the new epoch, or undefined when another was first, the shard is not free, or this member may not own.
   * @param epochAbove the highest epoch known from elsewhere (the shard's log).
   * @throws UnavailableError when no server answered: ask again.
   */
  async claim(shard: number, epochAbove = 0): Promise<number | undefined> {
    if (this.#about.draining || this.#state !== 'joined') return undefined
    return await this.#holdings.claim(shard, epochAbove)
  }

  /** Whether its last owner did, and the log says of all that he ran where it goes on. */
  isLeftInOrder(shard: number): boolean {
    const record = this.#table.get(shard)?.value
    return record !== undefined && record.owner === undefined && record.isInOrder === true
  }

  /** This member in its present life; undefined while its lease does not hold. */
  get whereabouts(): Whereabouts | undefined {
    const life = this.isValid() ? this.#heartbeat.life : undefined
    return life === undefined ? undefined : { member: this.id, life }
  }

  /** Whether that life of this member is not over, as far as is known. */
  lasts(life: string): boolean {
    return this.#heartbeat.lasts(life)
  }

  /** Whether that life of a member is over for everybody. */
  isGone({ member, life }: Whereabouts): boolean {
    return this.#living.isPast(member, life)
  }

  /** The lives of those who live. */
  lives(): ReadonlySet<string> {
    return new Set(this.#living.members.map(({ life }) => life))
  }

  /**
   * After its host is drained: from this call on the shard is not owned here.
   * @param how `to`: who shall have it, from `handOvers`; without, whoever is meant for it.
   * @throws UnavailableError when no server answered; the table is mended as soon as one does.
   */
  async release(shard: number, how: Released = {}): Promise<void> {
    await this.#holdings.release(shard, how)
  }

  /** This member has caught up with the shard: it asks the living owner for it, in its turn. */
  ready(shard: number): void {
    this.#moves.ready(shard)
    void this.#moves.settle()
  }

  /** Owned shards to drain and release now, each to the successor that asked for it. */
  handOvers(): readonly HandOver[] {
    return this.#state === 'joined' ? this.#moves.handOvers() : []
  }

  /** Shards owned, with their epochs. Whether the lease holds is another question. */
  get held(): ReadonlyMap<number, number> {
    return this.#holdings.held
  }

  #assignment(): readonly Seat[] {
    this.#seats ??= this.#assigned()
    return this.#seats
  }

  #assigned(): readonly Seat[] {
    const fit = this.#living.members.filter(isFit).map(({ record: { id, weight } }) => ({ id, weight }))
    return assign(fit, this.#site.shards)
  }

  #isHeard(): boolean {
    return this.#heartbeat.life !== undefined && this.#living.get(this.id)?.life === this.#heartbeat.life
  }

  #heardOwn(): void {
    const skewed = Math.abs(this.#living.skewMs) > this.#site.limits.clockSkewMsMax
    if (skewed !== this.#about.skewed) this.#say({ skewed })
    if (skewed) void this.#giveUpAll()
    this.#changed()
  }

  /** What fails of it is mended later (moves.ts). */
  async #giveUpAll(): Promise<void> {
    const { onTrouble } = this.#site
    const given = [...this.#holdings.held.keys()].map(shard => this.release(shard))
    for (const one of await Promise.allSettled(given))
      if (one.status === 'rejected') onTrouble?.(String(one.reason))
  }

  #lost(reason: string): void {
    this.#lossReason = reason
    this.#holdings.drop()
    this.#site.onTrouble?.(`member ${this.id} lost its lease: ${reason}`)
    this.#changed()
  }

  #say(news: Partial<MemberAbout>): void {
    this.#about = { ...this.#about, ...news }
    this.#heartbeat.say(this.#about)
  }

  #changed(): void {
    if (this.#isTelling || this.#state === 'left') return
    this.#isTelling = true
    this.#site.clock.soon(() => {
      this.#isTelling = false
      if (this.#state === 'left') return
      this.#holdings.reconcile()
      void this.#moves.settle()
      for (const listener of [...this.#listeners]) listener()
    })
  }

  /** Some things become possible by time alone. */
  #tick(): void {
    this.#cancelTick = this.#site.clock.after(this.#site.limits.leaseMs / 3, () => {
      void this.#moves.settle()
      if (this.claimable().length > 0) this.#changed()
      this.#leaveDeafServer()
      this.#tick()
    })
  }

  /**
   * Heartbeats go over a connection of their own: while they are taken and none comes back here, this connection's
   * server is cut off from the others, and the shards would stand still in good health.
   */
  #leaveDeafServer(): void {
    const { connection, clock, limits } = this.#site
    const now = clock.elapsed()
    const isDeaf = now - Math.max(this.#living.ownSeenMs, this.#leftServerMs) > limits.leaseMs
    if (this.#state !== 'joined' || this.#heartbeat.life === undefined || !isDeaf) return
    this.#leftServerMs = now
    connection.goElsewhere()
  }

  /** Waits for what a change may bring; false when the patience ended before. */
  #until(holds: () => boolean, patienceMs: number): Promise<boolean> {
    return new Promise(resolve => {
      const settle = (answer: boolean): void => {
        cancel()
        stop()
        resolve(answer)
      }
      const cancel = this.#site.clock.after(patienceMs, () => settle(holds()))
      const stop = this.onChange(() => {
        if (holds()) settle(true)
      })
      if (holds()) settle(true)
    })
  }

  async #close(withinMs = this.#site.limits.leaseMs): Promise<void> {
    this.#state = 'left'
    this.#cancelTick()
    this.#holdings.drop()
    this.#living.close()
    this.#table.close()
    await this.#heartbeat.end(withinMs)
  }
}

function isFit({ record }: LivingMember): boolean {
  return !record.draining && !record.skewed
}
