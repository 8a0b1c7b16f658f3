/**
 * One shard on one member: its journal here, and what the member does with it. It stands by (applies what others
 * commit) or owns it (a shard host steps its commands).
 *
 * Owns: the journal's files, the host, and the order of things when one becomes the other. Does not own who should
 * have the shard: it is told. Invariants: the journal is appended to by one at a time, the follower or the host; a
 * host begins only after a claim in the log that stands on all that the journal holds; standing by runs no user code.
 */
import { toErrorValue } from '../../actors/codec.js'
import type { Command, Whereabouts } from '../../actors/command.js'
import type { Commit, InboxPosition } from '../../actors/commit.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Inbox } from '../../actors/inbox.js'
import type { Journal, LogPosition } from '../../actors/journal.js'
import type { LoggedCommit } from '../../actors/logged-commit.js'
import { Followers } from '../dispatch/followers.js'
import { EmbeddedService, type Shard } from '../embedded/embedded-service.js'
import { MemoryInbox } from '../inbox/memory-inbox.js'
import { ShardHost } from '../shard-host.js'
import type { ShardHostOptions } from '../shard-host-options.js'
import { assertFingerprints } from '../versions.js'
import { within } from '../within.js'
import type { Lodgers } from './lodgers.js'
import { MemberInbox } from './member-inbox.js'
import { bringHome, ReplicatedLog, type SharedLog } from './replicated-log.js'
import { assertNext } from './shard-healing.js'

/** What is read of a shard's log: a commit, or the claim of a new owner. */
interface Read {
  readonly at: LogPosition
  readonly epoch: number
  readonly commit?: LoggedCommit
}

/** How a shard's log ended when it was looked up. */
export interface LogEnd extends LogPosition {
  readonly epoch: number
  readonly member: string
  readonly commitId: string
  readonly chunks: number
}

/** Whoever reads what others commit. */
export interface Follower {
  /** Resolves when all that was in the log at the call, or up to a sequence of it, is applied. @throws what made following end */
  caughtUp(to?: number): Promise<void>
  readonly ended: Promise<void>
  /** Resolves when nothing is applied any more. */
  stop(): Promise<void>
}

/** A shard's inboxes, to be read from a place on. */
export interface ShardInboxes {
  readonly streams: readonly Inbox[]
  /** Messages that are still to be taken, as far as is known. */
  backlog(): number
  /** @throws when a stream is not the one that was read before. */
  start(after: readonly InboxPosition[]): Promise<void>
  stop(): Promise<void>
}

/** The log of the cluster, as one member uses it for one shard. */
export interface ShardStreams {
  /** What the log is called, and which life of it this is. */
  readonly log: string
  readonly incarnation: number
  follow(after: LogPosition | undefined, take: (read: Read) => Promise<void>): Follower
  /** Undefined when there is anything after that position, or another was first. */
  claim(
    epoch: number,
    after: LogPosition | undefined,
    known: LogEnd | undefined,
  ): Promise<(SharedLog & { release(): void }) | undefined>
  /** The places from which inboxes are read in a new life of the log. */
  takenAnew(taken: readonly InboxPosition[]): Promise<readonly InboxPosition[]>
  /** Sends the shard a command by its second inbox: a result of an attempt that is away, or that none will come. */
  send(command: Command): Promise<void>
  /** Other places for those that do not hold any more, where an operator said to go on without; none otherwise. */
  lostPlaces(taken: readonly InboxPosition[]): Promise<readonly InboxPosition[]>
  /** @param failed told once when reading cannot go on. */
  inboxes(failed: (error: unknown) => void): ShardInboxes
}

type HostParts = Pick<
  ShardHostOptions,
  | 'bindings'
  | 'clock'
  | 'limits'
  | 'logger'
  | 'turns'
  | 'isHere'
  | 'onAttempt'
  | 'observer'
  | 'verify'
  | 'hosts'
>

export interface MemberShardSite extends HostParts {
  readonly streams: ShardStreams
  openJournal(): Journal
  mintId(): string
  /** Whether the shard is this member's now, in that epoch. */
  owns(epoch: number): boolean
  /** Where attempts that are begun now run; undefined while this member's lease does not hold. */
  whereabouts(): Whereabouts | undefined
  isGone(at: Whereabouts): boolean
  readonly lodgers: Lodgers
  /** Told when the shard is lost or broken here, and nothing runs any more. */
  onLost(error: unknown): void
}

interface Owned {
  readonly shard: Shard
  readonly inboxes: ShardInboxes
  readonly log: SharedLog & { release(): void }
  readonly copied: ReplicatedLog
  readonly epoch: number
  /** The life of this member in which it is owned. */
  readonly at: Whereabouts | undefined
}

/** How the owner before left the shard. */
interface Left {
  /** He did not leave it. */
  readonly wasKilled: boolean
  readonly isInOrder: boolean
}

type Claimed = Pick<Owned, 'log' | 'inboxes'>

export class MemberShard {
  readonly number: number
  readonly #site: MemberShardSite
  #journal: Journal | undefined
  #follower: Follower | undefined
  /** The last commit or claim in the log that was read. */
  #readTo: LogPosition | undefined
  #epochRead = 0
  #owned: Owned | undefined
  #service: EmbeddedService | undefined
  /** Whether its member has asked the owner for it. */
  isReady = false

  constructor(number: number, site: MemberShardSite) {
    this.number = number
    this.#site = site
  }

  /** The shard's verbs, while it is owned here. */
  get service(): EmbeddedService | undefined {
    return this.#service
  }

  get shard(): Shard | undefined {
    return this.#owned?.shard
  }

  /** The epoch it is owned under here; undefined while it is not. */
  get epoch(): number | undefined {
    return this.#owned?.epoch
  }

  get isOwned(): boolean {
    return this.#owned !== undefined
  }

  /** The last commit or claim in the log that was applied here. */
  get readTo(): LogPosition | undefined {
    return this.#readTo
  }

  /** Of an owner: messages in its inboxes that are still to be taken. */
  get backlog(): number {
    return this.#owned?.inboxes.backlog() ?? 0
  }

  get journal(): Journal | undefined {
    return this.#journal
  }

  /** Opens the journal, and applies what others commit from now on. */
  stand(): void {
    if (this.#follower !== undefined || this.#owned !== undefined) return
    this.#journal ??= this.#site.openJournal()
    const journal = this.#journal
    // Of an earlier life of the log there is nothing left to be read: the journal is what goes on in this one.
    if (!this.isOfEarlierLog) this.#readTo ??= journal.logPosition
    const follower = this.#site.streams.follow(this.#readTo, async ({ commit, at, epoch }) => {
      this.#epochRead = Math.max(this.#epochRead, epoch)
      if (commit !== undefined) {
        const log = { stream: this.#site.streams.log, shard: this.number }
        assertNext(commit, journal, log)
        const whole = commit.whole(address => journal.stateOf(address), log)
        await bringHome(journal, whole, at, this.#site)
      }
      this.#readTo = at
    })
    this.#follower = follower
    follower.ended.catch((error: unknown) => {
      if (this.#follower === follower) this.#lose(error)
    })
  }

  /** The highest epoch that was read of since it stands by; 0 for none. */
  get epochRead(): number {
    return this.#epochRead
  }

  /** Whether the journal was last written to in a life of the log that has ended by an operator's word. */
  get isOfEarlierLog(): boolean {
    const at = this.#journal?.logPosition
    return at !== undefined && at.incarnation < this.#site.streams.incarnation
  }

  /** Resolves when the journal holds all that was committed before the call, or up to a sequence of the log. */
  async caughtUp(to?: number): Promise<void> {
    this.stand()
    await this.#follower?.caughtUp(to)
  }

  /**
   * Takes the shard over under an epoch that the member was given, caught up. Answers false when another was first.
   * @param end of the log, as far as it is caught up with.
   */
  async own(epoch: number, left: Left, end: LogEnd | undefined): Promise<boolean> {
    if (this.#owned !== undefined) return true
    this.isReady = false
    const claimed = await this.#claim(epoch, end)
    if (claimed === undefined) return false
    this.#begin(this.#journal!, { ...claimed, epoch, at: this.#site.whereabouts() }, left)
    return true
  }

  /** A commit of nothing but the places from which inboxes are read from here on: those before do not hold. */
  async #goOnIn(log: SharedLog, journal: Journal, taken: readonly InboxPosition[]): Promise<void> {
    const { streams, clock, logger } = this.#site
    const commit: Commit = {
      first: journal.position + 1,
      at: clock.now(),
      entries: [],
      records: [],
      pending: journal.pending(),
      published: [],
      deadLetters: [],
      settledLetters: [],
      taken,
    }
    await new ReplicatedLog(log, journal, this.#site).append(commit)
    const { position } = journal
    const facts = { shard: this.number, position, incarnation: streams.incarnation, taken }
    logger.error(facts, 'a shard goes on from the journal here with streams that were lost or made anew')
  }

  async #claim(epoch: number, end: LogEnd | undefined): Promise<Claimed | undefined> {
    const { claimTriesMax } = this.#site.limits
    for (let tries = 0; tries < claimTriesMax; tries++) {
      if (tries > 0) await this.caughtUp()
      const follower = this.#follower
      this.#follower = undefined
      await follower?.stop()
      const claimed = await this.#claimOnce(epoch, tries === 0 ? end : undefined)
      if (claimed !== undefined) return claimed
    }
    this.stand()
    return undefined
  }

  /** The inboxes are opened meanwhile: a commit that changed where they are read from would undo the claim. */
  async #claimOnce(epoch: number, end: LogEnd | undefined): Promise<Claimed | undefined> {
    const { streams, bindings, logger } = this.#site
    const journal = this.#journal!
    const inboxes = streams.inboxes(error => this.#lose(error))
    const taken = journal.taken()
    const anew = await (this.isOfEarlierLog ? streams.takenAnew(taken) : streams.lostPlaces(taken))
    const reading = anew.length > 0 ? undefined : inboxes.start(taken)
    reading?.catch(() => {})
    let log: Owned['log'] | undefined
    try {
      log = await streams.claim(epoch, this.#readTo, end)
      if (log !== undefined) {
        assertFingerprints(bindings, journal, logger)
        if (anew.length > 0) await this.#goOnIn(log, journal, anew)
        await (reading ?? inboxes.start(journal.taken()))
        return { log, inboxes }
      }
    } catch (error) {
      await inboxes.stop()
      log?.release()
      throw error
    }
    await inboxes.stop()
    return undefined
  }

  #begin(
    journal: Journal,
    { log, inboxes, epoch, at }: Omit<Owned, 'shard' | 'copied'>,
    { wasKilled, isInOrder }: Left,
  ): void {
    const { bindings, clock, limits, logger, turns, isHere, onAttempt, observer, verify, streams, lodgers } =
      this.#site
    const send = (from: Whereabouts) => (command: Command) =>
      lodgers.send(from.life, command, late => streams.send(late))
    const followers = new Followers(error => logger.warn({ error: toErrorValue(error) }, 'a listener threw'))
    const inbox = new MemberInbox(new MemoryInbox(limits), inboxes.streams)
    const copied = new ReplicatedLog(log, journal, this.#site)
    const host = new ShardHost({
      journal,
      log: copied,
      inbox,
      bindings,
      clock,
      limits,
      logger,
      followers,
      wasKilled,
      ...(turns === undefined ? {} : { turns }),
      isLeftInOrder: isInOrder,
      isGone: where => this.#site.isGone(where),
      ...(at === undefined ? {} : { onLate: send(at), onGone: send(at) }),
      ...(isHere === undefined ? {} : { isHere }),
      isOurs: () => this.#site.owns(epoch),
      ...(onAttempt === undefined ? {} : { onAttempt }),
      ...(observer === undefined ? {} : { observer }),
      ...(verify === undefined ? {} : { verify }),
      hosts: () => this.#site.hosts?.() ?? 1,
      onFailed: error => {
        followers.end(new UnavailableError('another member has the shard by now'))
        this.#lose(error)
      },
    })
    const shard: Shard = { host, inbox, journal }
    this.#owned = { shard, inboxes, log, copied, epoch, at }
    this.#service = new EmbeddedService({
      bindings,
      clock,
      limits,
      mintId: () => this.#site.mintId(),
      shard: () => shard,
      tracing: undefined,
    })
    host.start()
  }

  /** Looks again for attempts that are away with a member that is gone. */
  review(): void {
    this.#owned?.shard.host.review()
  }

  /**
   * Steps what was taken, gives the shard up, and stands by. Answers whether all that runs is in the log as being away
   * here, and goes on; else nothing of it runs here any more.
   */
  async release(withinMs: number): Promise<boolean> {
    const owned = this.#owned
    if (owned === undefined) return false
    // Nothing more is taken from the streams: the next owner reads on from what was committed.
    await owned.inboxes.stop()
    const { host } = owned.shard
    const isInOrder = owned.at !== undefined && (await host.leave(withinMs, owned.at))
    if (isInOrder) this.#site.lodgers.take(host.runner)
    await host.stop(0)
    if (this.#owned !== owned) return false
    this.#owned = undefined
    this.#service = undefined
    owned.log.release()
    // What is in the log may still be on its way into the journal: it would be read a second time.
    if (!(await within(this.#site.clock, withinMs, () => owned.copied.settled()))) await this.close()
    // What was committed here is read again from the journal's own place on; the claims with it.
    this.#readTo = undefined
    this.stand()
    return isInOrder
  }

  /** Ends at once, as whatever it was. The journal stays as it is. */
  async close(): Promise<void> {
    const owned = this.#owned
    this.#owned = undefined
    this.#service = undefined
    owned?.shard.host.kill()
    owned?.log.release()
    await owned?.inboxes.stop()
    const follower = this.#follower
    this.#follower = undefined
    await follower?.stop()
    this.#journal?.close()
    this.#journal = undefined
    this.#readTo = undefined
  }

  #lose(error: unknown): void {
    void this.close().then(
      () => this.#site.onLost(error),
      closing => this.#site.onLost(closing),
    )
  }
}
