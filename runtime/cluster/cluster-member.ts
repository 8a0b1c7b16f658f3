/**
 * One member of a cluster: the runtime of `createRuntime({ cluster })`. It stands by for the shards it is meant to
 * stand by for, owns those it is meant to own, and hands over those it is not any more.
 *
 * Owns: which of its shards is what, and the steps from one to the other. Does not own who is meant for what
 * (cluster/members), nor what owning a shard is (member-shard.ts). Invariant: one step a shard at a time; each begins
 * from how things stand when the one before has ended.
 */
import { UnavailableError } from '../../actors/errors.js'
import type {
  Away,
  ClusterCommitLog,
  ClusterConnection,
  CommandsRetention,
  Membership,
} from '../../cluster/index.js'
import type { Api } from '../api/api.js'
import { RemoteClient } from '../client/remote/remote-client.js'
import type { RemoteService } from '../client/remote/remote-service.js'
import type { Runtime } from '../client/types.js'
import { CareTurns } from '../commit/care-turns.js'
import type { Door } from '../embedded/embedded-runtime.js'
import { type HandlerSite, type HttpHandler, httpHandler, metricsOff } from '../http/handler.js'
import type { Bindings } from '../step/bindings.js'
import type { ColdStart } from './cold-start.js'
import { forgetTaken } from './forget-taken.js'
import type { ImageKeeper } from './image-keeper.js'
import { Lodgers } from './lodgers.js'
import type { MemberActors } from './member-actors.js'
import { MemberCounts } from './member-counts.js'
import { memberHealth } from './member-health.js'
import type { MemberMetrics } from './member-metrics.js'
import { type LogEnd, MemberShard, type MemberShardSite } from './member-shard.js'
import { OpeningOrder } from './opening-order.js'
import { ShardDoors, type ShardDoorsSite } from './shard-doors.js'
import { ShardFailures } from './shard-failures.js'
import type { ShardHealing } from './shard-healing.js'

export interface ClusterMemberSite
  extends Omit<
      MemberShardSite,
      'streams' | 'openJournal' | 'isHere' | 'owns' | 'whereabouts' | 'isGone' | 'lodgers' | 'onLost'
    >,
    ShardDoorsSite {
  readonly shards: number
  readonly membership: Membership
  readonly log: ClusterCommitLog
  readonly retention: CommandsRetention
  readonly healing: ShardHealing
  readonly coldStart: ColdStart
  readonly keeper: ImageKeeper
  readonly service: RemoteService
  readonly api: Api
  readonly metrics?: MemberMetrics
  streamsOf(shard: number): MemberShardSite['streams']
  openJournal(shard: number): ReturnType<MemberShardSite['openJournal']>
  isHere(shard: number, address: string): boolean
  /** Looks whether the servers are away for that long. */
  away(ms: number): Away
  readonly connection: Pick<ClusterConnection, 'isConnected' | 'onChange'>
  /** Ends the connection; what waits for the servers waits no more. */
  disconnect(): Promise<void>
  /** Ends it, and lets go of the data directory: nothing of the member runs any more. */
  close(): Promise<void>
}

/** Answers false when it could not be done now, and must not be tried again at once. */
type Step = () => Promise<unknown>

export class ClusterMember extends RemoteClient implements Runtime {
  readonly api: Api
  readonly counts = new MemberCounts()
  /** Of the shards it owns now. */
  readonly actors: MemberActors
  /** Set by whoever began an inspection of it. */
  inspectUrl: string | undefined
  readonly #site: ClusterMemberSite
  readonly #shards = new Map<number, MemberShard>()
  readonly #shardDoors: ShardDoors
  /** Steps on their way, the last of each shard. */
  readonly #busy = new Map<number, Promise<void>>()
  readonly #failures: ShardFailures
  readonly #doors: Door[] = []
  readonly #lodgers: Lodgers
  readonly #openings: OpeningOrder
  readonly #turns = new CareTurns()
  /** Of the members, as they were known at last. */
  #lives: ReadonlySet<string> = new Set()
  #stopListening = () => {}
  #stopForgetting = () => {}
  #isStopping = false
  #stopped: Promise<void> | undefined
  #handler: HttpHandler | undefined

  constructor(site: ClusterMemberSite) {
    super(site.service, () => {})
    this.#site = site
    this.api = site.api
    this.#shardDoors = new ShardDoors(site)
    this.actors = this.#shardDoors.actors
    this.#failures = new ShardFailures(site, number => this.#drop(number))
    this.#openings = new OpeningOrder(site.clock)
    this.#lodgers = new Lodgers({ ...site, lasts: life => site.membership.lasts(life) })
  }

  /** Resolves once it is a member; its shards come to it from then on. */
  async join(): Promise<void> {
    const { membership, connection } = this.#site
    await membership.join()
    const ends = [membership.onChange(() => this.#settle()), this.counts.follow(connection)]
    this.#stopListening = () => {
      for (const end of ends) end()
    }
    this.#settle()
    this.#stopForgetting = forgetTaken(this.#site, () => this.#shards.values())
    this.#site.keeper.start(() => this.#shards.values())
  }

  get bindings(): Bindings {
    return this.#site.bindings
  }

  get membership(): Membership {
    return this.#site.membership
  }

  /** Shards that this member owns and steps now. */
  get owned(): readonly number[] {
    return [...this.#shards.values()].filter(shard => shard.isOwned).map(shard => shard.number)
  }

  /** Those it owns and stands by for. */
  get shards(): readonly MemberShard[] {
    return [...this.#shards.values()]
  }

  get isConnected(): boolean {
    return this.#site.connection.isConnected
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined
  }

  /** Shards that cannot be brought up here, and why. */
  get broken(): ReadonlyMap<number, unknown> {
    return this.#failures.broken
  }

  shard(number: number): MemberShard | undefined {
    return this.#shards.get(number)
  }

  get handler(): HttpHandler {
    this.#handler ??= httpHandler(this.api, this.handlerSite)
    return this.#handler
  }

  get handlerSite(): HandlerSite {
    const { clock, limits, logger, service } = this.#site
    return {
      clock,
      limits,
      logger,
      onEnd: listener => service.onEnd(listener),
      metrics: () => this.metrics(),
      health: () => memberHealth(this),
    }
  }

  async metrics(): Promise<string> {
    const { metrics, log } = this.#site
    if (metrics === undefined) throw metricsOff()
    return metrics.text(this, log)
  }

  addDoor(door: Door): void {
    this.#doors.push(door)
  }

  /** Makes each shard what it is meant to be, as far as that is possible now. */
  #settle(): void {
    if (this.#isStopping) return
    this.#noteLives()
    const { membership, shards } = this.#site
    const { own, standby } = membership.wanted()
    const claimable = new Set(membership.claimable())
    const leaving = new Map(membership.handOvers().map(({ shard, to }) => [shard, to]))
    for (let number = 0; number < shards; number++) {
      if (this.#busy.has(number) || this.broken.has(number)) continue
      const isWanted = own.has(number) || standby.has(number)
      const step = this.#stepOf(number, { isWanted, isOwn: own.has(number), claimable, leaving })
      if (step !== undefined) this.#do(number, step)
    }
  }

  /** What was away with a member that is gone is made good where its shards are. */
  #noteLives(): void {
    const lives = this.#site.membership.lives()
    const isAnyGone = [...this.#lives].some(life => !lives.has(life))
    this.#lives = lives
    if (isAnyGone) for (const shard of this.#shards.values()) shard.review()
  }

  #stepOf(
    number: number,
    meant: { isWanted: boolean; isOwn: boolean; claimable: Set<number>; leaving: Map<number, string> },
  ): Step | undefined {
    const { membership } = this.#site
    const shard = this.#shards.get(number)
    if (shard?.isOwned) {
      // Held again in another epoch, it begins again.
      if (membership.held.get(number) !== shard.epoch) return () => this.#drop(number)
      const to = meant.leaving.get(number)
      return to === undefined ? undefined : () => this.#handOver(number, to)
    }
    if (meant.claimable.has(number)) return () => this.#takeOver(number)
    if (!meant.isWanted) return shard === undefined ? undefined : () => this.#drop(number)
    if (shard === undefined) return () => this.#standing(number)
    if (!meant.isOwn || membership.owner(number) === undefined || shard.isReady) return undefined
    return () => this.#makeReady(number)
  }

  #do(number: number, step: Step): void {
    const { limits, clock } = this.#site
    const before = this.#busy.get(number) ?? Promise.resolve()
    const done: Promise<void> = before
      .then(step)
      .then(
        isDone => (isDone === false ? limits.clusterRetryMs : 0),
        (error: unknown) => this.#failures.pauseAfter(number, error),
      )
      // What could not be done is not tried again at once.
      .then(pauseMs =>
        pauseMs > 0 ? new Promise<void>(resolve => clock.after(pauseMs, resolve)) : undefined,
      )
      .then(() => {
        if (this.#busy.get(number) === done) this.#busy.delete(number)
        this.#settle()
      })
    this.#busy.set(number, done)
  }

  async #standing(number: number): Promise<MemberShard> {
    const known = this.#shards.get(number)
    if (known !== undefined) return known
    await this.#openings.turn()
    await this.#site.coldStart.prepare(number)
    const { streamsOf, openJournal, isHere, membership, ...rest } = this.#site
    const shard = new MemberShard(number, {
      ...rest,
      streams: streamsOf(number),
      openJournal: () => openJournal(number),
      isHere: address => isHere(number, address),
      owns: epoch => membership.owns(number, epoch),
      whereabouts: () => membership.whereabouts,
      isGone: at => membership.isGone(at),
      hosts: () => this.owned.length,
      lodgers: this.#lodgers,
      turns: this.#turns,
      onLost: error => this.#lost(number, error),
    })
    this.#shards.set(number, shard)
    shard.stand()
    if (shard.isOfEarlierLog && (await this.#site.log.last(number)) === undefined)
      await this.#site.healing.announce(number, shard.journal?.position ?? 0)
    return shard
  }

  /** Asks for a shard whose owner lives, once it could be taken over at once, and nothing else is left to be opened. */
  async #makeReady(number: number): Promise<void> {
    const shard = await this.#standing(number)
    await shard.caughtUp()
    await this.#openings.over()
    shard.isReady = true
    this.#site.membership.ready(number)
  }

  async #takeOver(number: number): Promise<boolean> {
    return await this.#openings.before(this.#takeOverAt(number, await this.#standing(number)))
  }

  /** What needs not be known before something else is asked for at the same time: the shard stands still meanwhile. */
  async #takeOverAt(number: number, shard: MemberShard): Promise<boolean> {
    const { membership } = this.#site
    const looking = this.#lookUp(number, shard)
    looking.catch(() => {})
    // Of one that nothing was read of since it stands by, the log says under which epoch it was.
    const epochAbove = shard.epochRead || ((await looking)?.epoch ?? 0)
    const left = { wasKilled: !membership.isLeft(number), isInOrder: membership.isLeftInOrder(number) }
    const epoch = await membership.claim(number, epochAbove)
    if (epoch === undefined) return false
    try {
      const end = await looking
      if ((end?.epoch ?? 0) < epoch && (await shard.own(epoch, left, end))) {
        this.counts.taken(left.wasKilled)
        this.#shardDoors.open(number, shard)
        return true
      }
    } catch (error) {
      await membership.release(number).catch(() => {})
      throw error
    }
    await membership.release(number)
    return false
  }

  /** Resolves with how the shard's log ends, once all of it is in the journal here and none of it is missing. */
  async #lookUp(number: number, shard: MemberShard): Promise<LogEnd | undefined> {
    const { log, healing } = this.#site
    const [end, tail] = await Promise.all([log.last(number), healing.lostTail(number)])
    await shard.caughtUp(end === undefined ? 0 : end.sequence + end.chunks - 1)
    await healing.assertWhole(number, { position: shard.journal?.position ?? 0, isEmpty: !end, tail })
    return end
  }

  async #handOver(number: number, to: string | undefined): Promise<void> {
    const { membership, limits } = this.#site
    this.#shardDoors.shut(number)
    const isInOrder = await this.#shards.get(number)?.release(limits.handOverMsMax)
    this.#shardDoors.leave(number)
    await membership.release(number, {
      ...(to === undefined ? {} : { to }),
      ...(isInOrder === true ? { isInOrder } : {}),
    })
    this.counts.given++
  }

  async #drop(number: number): Promise<void> {
    this.#shardDoors.leave(number)
    const shard = this.#shards.get(number)
    this.#shards.delete(number)
    await shard?.close()
  }

  /** What was running for the shard has ended already. */
  #lost(number: number, error: unknown): void {
    this.counts.lost++
    this.#do(number, async () => {
      await this.#drop(number)
      if (this.#site.membership.held.has(number)) await this.#site.membership.release(number).catch(() => {})
      throw error
    })
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const { limits, service, logger, disconnect, close } = this.#site
    const away = this.#site.away(limits.stopAwayMsMax)
    // Without a connection nothing waits for the servers any more.
    void away.forLong.then(() => {
      logger.warn({ waitedMs: limits.stopAwayMsMax }, 'a member stops and cannot tell: its lease runs out')
      return disconnect()
    })
    try {
      await this.#leave(away)
    } finally {
      away.cancel()
    }
    service.end(new UnavailableError('the runtime has stopped'))
    if (away.isForLong) this.#site.client.close()
    await Promise.all(this.#doors.map(door => door.close()))
    this.#site.client.close()
    await close()
  }

  /** Hands everything over, ends what runs, and is no member any more. */
  async #leave(away: Away): Promise<void> {
    const { membership, limits, keeper } = this.#site
    await Promise.race([keeper.stop(), away.forLong])
    for (const door of this.#doors) door.retire()
    await Promise.race([membership.drain(limits.leaveMsMax), away.forLong])
    this.#isStopping = true
    this.#stopListening()
    this.#stopForgetting()
    await Promise.all(this.#busy.values())
    await Promise.all(
      [...this.#shards.keys()].map(async number => {
        if (this.#shards.get(number)?.isOwned) await this.#handOver(number, undefined).catch(() => {})
        await this.#drop(number)
      }),
    )
    // They are this member's as long as it lives.
    await Promise.race([this.#lodgers.end(limits.stopMsMax), away.forLong])
    await this.#lodgers.end(0)
    await (away.isForLong ? membership.abandon() : membership.leave(0))
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
