/**
 * A runtime elsewhere, as clients see it: what a handle needs, asked of an `Api` that answers over some wire.
 *
 * Owns: that a runtime that goes away and comes back is not noticed, within a bound: commands are sent again
 * under their ids (an actor applies an id once, as long as it remembers it: lanes.ts), reads are read again, what is followed goes on after the last
 * state heard. Does not own the wire. Invariant: nothing falls between what was followed and what is read or
 * sent after it.
 */
import type { Address } from '../../../actors/address.js'
import type { Clock } from '../../../actors/clock.js'
import type { ActorEvent, Command } from '../../../actors/command.js'
import type { JournalEntry } from '../../../actors/commit.js'
import { OverloadedError, PerdureError, UnavailableError } from '../../../actors/errors.js'
import type { AppliedCommand } from '../../../actors/inbox.js'
import type { ListedActor, ListQuery } from '../../../actors/journal.js'
import type { Limits } from '../../../actors/limits.js'
import { Roster } from '../../../actors/roster.js'
import type { ActorView, Api, FollowRequest, ListedView, ReceiptReply } from '../../api/api.js'
import type { HostLogger } from '../../shard-host-options.js'
import type { Bindings } from '../../step/bindings.js'
import type { ActorService, SeenActor, Watch } from '../service.js'
import { EventFollowing } from './event-following.js'
import { Following, type WatchListener } from './following.js'
import { Lanes } from './lanes.js'
import { Openings } from './openings.js'
import { Reconnecting, streamEnded } from './reconnecting.js'
import { RemoteApplied, RemoteSeen, type StateView } from './remote-seen.js'
import { lastingly, watchByChanges } from './watching.js'

/** An `Api` whose streams say when they stand. */
export interface RemoteApi extends Api {
  /**
   * Whether a command is durable before anybody has applied it, so that a Timeout says that it will be applied: it is
   * for whoever sent it to ask again, under its id. Absent: a Timeout says that nobody has got to it yet.
   */
  readonly storesCommands?: boolean
  changes(request: FollowRequest & { readonly onOpen?: () => void }): AsyncIterable<ActorView>
  /**
   * Tells the state at the call, undefined for an actor that is not born, and then each after it; of a state that is
   * known (`after`) only those after it. The answer ends it. Absent: states are asked for, and followed by `changes`.
   */
  watch?(
    request: { readonly address: Address; readonly after?: number },
    listener: StatesListener,
  ): () => void
  events(request: {
    readonly address: Address
    readonly signal?: AbortSignal
    readonly onOpen?: () => void
  }): AsyncIterable<ActorEvent>
}

export interface StatesListener {
  /** Somebody is there. */
  answered(): void
  next(view: StateView | undefined): void
  /** Nothing more comes. */
  lost(error: unknown): void
}

export interface RemoteSite {
  readonly api: RemoteApi
  /** What the client holds, to read states with. */
  readonly bindings: Bindings
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  mintId(): string
}

export class RemoteService implements ActorService {
  readonly clock: Clock
  readonly limits: Limits
  readonly types: readonly string[]
  readonly #site: RemoteSite
  readonly #reconnecting: Reconnecting
  /** What is begun to be followed, and what is looked at: the one holds back reads and commands, the other commands. */
  readonly #openings = new Openings()
  readonly #looks = new Openings()
  readonly #lanes: Lanes
  readonly #followings = new Map<Address, Following>()
  readonly #eventFollowings = new Set<EventFollowing>()
  /** Every wait is in it. */
  readonly #ends = new Roster<(error: PerdureError) => void>()

  constructor(site: RemoteSite) {
    this.#site = site
    this.clock = site.clock
    this.limits = site.limits
    this.types = site.bindings.types
    this.#lanes = new Lanes(site.limits)
    this.#reconnecting = new Reconnecting(site.clock, site.limits)
  }

  mintId(): string {
    return this.#site.mintId()
  }

  async submit(command: Command): Promise<AppliedCommand> {
    await this.#openings.passed(command.target)
    await this.#looks.passed(command.target)
    const place = await this.#lanes.enter(command.target)
    const attempt = async () => {
      try {
        return await this.#submitOnce(command)
      } catch (error) {
        place.doubt()
        throw error
      }
    }
    try {
      for (;;) {
        try {
          return await this.#reconnecting.lasting(attempt)
        } catch (error) {
          if (!(error instanceof PerdureError) || error.code !== 'Timeout') throw error
          // It is there and has not got to it yet. Asked anew rather than for longer, so that one that hangs is noticed.
          if (this.#site.api.storesCommands === true) throw error
        }
      }
    } finally {
      place.leave()
    }
  }

  async #submitOnce(command: Command): Promise<AppliedCommand> {
    const { api, bindings } = this.#site
    const { commandId: id, target: address, trace } = command
    const timeoutMs = this.limits.askTimeoutMs
    const common = { address, id, timeoutMs, ...(trace === undefined ? {} : { trace }) }
    if (command.kind === 'start')
      return new RemoteApplied(await api.start({ ...common, input: command.input }), bindings)
    if (command.kind === 'message') {
      const { event, start, delayMs } = command
      return new RemoteApplied(
        await api.ask({
          ...common,
          event,
          ...(start === undefined ? {} : { start }),
          ...(delayMs === undefined ? {} : { delayMs }),
        }),
        bindings,
      )
    }
    if (command.kind === 'operator' && command.order.type === 'terminate')
      return this.#terminated(address, await api.terminate({ address, reason: command.order.reason }))
    throw new UnavailableError(`no client gives a '${command.kind}' command`, address, false)
  }

  /** Ended twice is ended once, so the order needs no id to be given again. */
  async #terminated(address: Address, receipt: ReceiptReply): Promise<AppliedCommand> {
    const snapshot = await this.#site.api.get({ address })
    if (snapshot === undefined)
      throw new UnavailableError('it was ended, and is gone from the journal', address, false)
    return new RemoteApplied({ ...receipt, handled: true, snapshot }, this.#site.bindings)
  }

  async select(address: Address, selector: string): Promise<unknown> {
    await this.#openings.passed(address)
    return this.#reconnecting.lasting(() => this.#site.api.select({ address, selector }))
  }

  see(address: Address, atSeq?: number): Promise<SeenActor | undefined> {
    const look = this.#see(address, atSeq)
    this.#looks.hold(address, look)
    return look
  }

  async #see(address: Address, atSeq: number | undefined): Promise<SeenActor | undefined> {
    await this.#openings.passed(address)
    const view = await this.#get(address, atSeq)
    return view && this.#seen(view)
  }

  #get(address: Address, atSeq?: number): Promise<ActorView | undefined> {
    return this.#reconnecting.lasting(() =>
      this.#site.api.get({ address, ...(atSeq === undefined ? {} : { atSeq }) }),
    )
  }

  /** @throws OverloadedError when so many actors are followed already that it would be one too many. */
  follow(address: Address, listener: (seen: SeenActor) => void): () => void {
    const { stop } = this.watch(address, listener)
    return stop
  }

  /** @throws OverloadedError as `follow` does. */
  watch(address: Address, listener: (seen: SeenActor) => void): Watch {
    const following = this.#followings.get(address) ?? this.#newFollowing(address)
    const watch = following.add(listener)
    this.#openings.hold(address, watch.now)
    return watch
  }

  #newFollowing(address: Address): Following {
    this.#assertRoom()
    const following: Following = new Following(
      {
        now: async () => this.#seenIn(await this.#get(address)),
        watch: listener => this.#watch(address, listener),
        onFailed: error => this.#fail(error),
        logger: this.#site.logger,
      },
      () => {
        if (this.#followings.get(address) === following) this.#followings.delete(address)
      },
    )
    this.#followings.set(address, following)
    return following
  }

  followEvents(address: Address, listener: (event: ActorEvent) => void): () => void {
    this.#assertRoom()
    const { api, logger } = this.#site
    const following = new EventFollowing({
      events: opening => api.events({ address, ...opening }),
      reconnecting: this.#reconnecting,
      listener,
      hold: opening => this.#openings.hold(address, opening),
      onFailed: error => this.#fail(error),
      logger,
    })
    this.#eventFollowings.add(following)
    return () => {
      following.end()
      this.#eventFollowings.delete(following)
    }
  }

  #assertRoom(): void {
    const { remoteStreamsMax } = this.limits
    if (this.#followings.size + this.#eventFollowings.size >= remoteStreamsMax)
      throw new OverloadedError('what this client follows', remoteStreamsMax)
  }

  onEnd(listener: (error: PerdureError) => void): () => void {
    return this.#ends.add(listener)
  }

  async *states(address: Address, after: number): AsyncGenerator<SeenActor> {
    const now = await this.see(address)
    if (now === undefined || now.seq <= after) return
    if (now.seq === after + 1) return yield now
    const ending = new AbortController()
    try {
      for await (const seen of this.#statesFrom(address, after, ending.signal)) {
        yield seen
        if (seen.seq >= now.seq) return
      }
    } finally {
      ending.abort()
    }
  }

  /** The present state, and each after it, none left out, over restarts of the runtime. */
  #watch(address: Address, listener: WatchListener): () => void {
    const { api } = this.#site
    const from = (after: number | undefined, told: StatesListener) =>
      api.watch?.({ address, ...(after === undefined ? {} : { after }) }, told) ??
      watchByChanges({ api, address, after }, told)
    return lastingly(from, this.#reconnecting.absence(), {
      next: view => listener.next(view && this.#seen(view)),
      failed: error => listener.failed(error),
    })
  }

  /** Each state after one, none left out, over restarts of the runtime. */
  async *#statesFrom(address: Address, after: number, signal: AbortSignal): AsyncGenerator<SeenActor> {
    const absence = this.#reconnecting.absence()
    const onOpen = () => absence.answered()
    for (let cursor = after; ; ) {
      let lost: unknown = streamEnded()
      try {
        for await (const view of this.#site.api.changes({ address, after: cursor, signal, onOpen })) {
          cursor = view.seq
          yield this.#seen(view)
        }
      } catch (error) {
        lost = error
      }
      if (signal.aborted) return
      await absence.endure(lost)
    }
  }

  async *entries(address: Address, after: number): AsyncGenerator<JournalEntry> {
    await this.#openings.passed(address)
    const limit = this.limits.readAheadEntriesMax
    for (let last = after; ; ) {
      const page = await this.#reconnecting.lasting(() =>
        this.#site.api.history({ address, after: last, limit }),
      )
      yield* page
      if (page.length === 0) return
      last = page.at(-1)!.seq
    }
  }

  /** Roots alone, whatever is asked. A full page unless it is the last: the other side may have a smaller one. */
  async list({ roots: _, idleSince, limit, after, ...query }: ListQuery): Promise<readonly ListedActor[]> {
    const listed: ListedActor[] = []
    for (let last = after; listed.length < limit; ) {
      const page: readonly ListedView[] = await this.#reconnecting.lasting(() =>
        this.#site.api.list({
          ...query,
          ...(idleSince === undefined ? {} : { idleMs: Math.max(0, this.clock.now() - idleSince) }),
          ...(last === undefined ? {} : { after: last }),
          limit: limit - listed.length,
        }),
      )
      if (page.length === 0) break
      listed.push(...page.map(({ id, ...one }) => ({ ...one, address: id })))
      last = listed.at(-1)!.address
    }
    return listed
  }

  /** Ends all that waits and follows; nothing is asked after. */
  end(error: PerdureError): void {
    this.#reconnecting.end(error)
    for (const following of [...this.#followings.values(), ...this.#eventFollowings]) following.end()
    this.#followings.clear()
    this.#eventFollowings.clear()
    this.#tellEnd(error)
  }

  /** What was followed is lost: who waits for it would wait in vain. */
  #fail(error: unknown): void {
    this.#tellEnd(error instanceof PerdureError ? error : new UnavailableError(String(error)))
  }

  #tellEnd(error: PerdureError): void {
    for (const tell of this.#ends.all()) tell(error)
  }

  #seenIn(view: ActorView | undefined): SeenActor | undefined {
    return view && this.#seen(view)
  }

  #seen(view: StateView): SeenActor {
    return new RemoteSeen(view, this.#site.bindings)
  }
}
