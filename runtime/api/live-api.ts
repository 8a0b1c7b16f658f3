/**
 * `Api` over a runtime in this process: through the same door as handles, by the same commands. Holds nothing.
 */
import { type Address, idOf, parentOf } from '../../actors/address.js'
import { readAttemptToken } from '../../actors/attempt-token.js'
import { encode, normalise, toErrorValue } from '../../actors/codec.js'
import type { ActorEvent } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { Behaviour } from '../../actors/definition.js'
import { InvalidEventError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import { changesOf } from '../client/changes.js'
import { beaten, completed } from '../client/completing.js'
import { admitReason } from '../client/door.js'
import { selected } from '../client/selecting.js'
import {
  firstLater,
  messageCommand,
  quarantineCommand,
  type Recipient,
  releaseCommand,
  startCommand,
  submitWithin,
  terminateCommand,
} from '../client/sending.js'
import type { SeenActor } from '../client/service.js'
import type { EmbeddedService, Shard } from '../embedded/embedded-service.js'
import type { Bindings } from '../step/bindings.js'
import type {
  ActorView,
  Api,
  AskReply,
  AskRequest,
  BackupReply,
  CompleteRequest,
  DeadLetterView,
  Description,
  FollowRequest,
  HistoryRequest,
  ListedView,
  ListRequest,
  PublishedPage,
  PublishedRequest,
  ReceiptReply,
  RetryReply,
  StartReply,
  StartRequest,
  Stats,
  TellReply,
  TellRequest,
} from './api.js'
import { queuedEvents } from './event-queue.js'
import { counted, type ListingSite, listed } from './listing.js'
import { publishedPage } from './published-page.js'
import { fitsUntil } from './until.js'
import { actorView, letterView, typeView } from './views.js'

export interface LiveSite {
  readonly service: EmbeddedService
  readonly bindings: Bindings
  readonly about: About
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** How durable a receipt says it is; `disk` when absent. */
  readonly durability?: ReceiptReply['durability']
  /** The shard as it runs now. */
  shard(): Shard
}

/** Where a runtime runs, for whoever asks. */
export interface About {
  /** The version of Perdure. */
  readonly perdure: string
  /** Absolute path of the data directory. */
  readonly path: string
  readonly pid: number
}

export class LiveApi implements Api {
  readonly #site: LiveSite

  constructor(site: LiveSite) {
    this.#site = site
  }

  async describe(): Promise<Description> {
    const { about, startedAt, bindings, service } = this.#site
    return {
      ...about,
      mode: 'live',
      startedAt,
      position: service.journal.position,
      types: bindings.types.map(type => typeView(bindings.current(type))),
    }
  }

  async stats(): Promise<Stats> {
    const { service, startedAt } = this.#site
    const { host, inbox } = this.#site.shard()
    const { journal, clock } = service
    return {
      position: journal.position,
      bytes: journal.bytes(),
      actors: journal.counts(),
      deadLetters: journal.countDeadLetters(),
      live: {
        uptimeMs: clock.now() - startedAt,
        commandsWaiting: inbox.size,
        activitiesRunning: host.runner.running,
        actorsInMemory: host.cache.size,
      },
    }
  }

  async start(request: StartRequest): Promise<StartReply> {
    const to = this.#root(request.address)
    const command = await startCommand(to, request.input, request)
    const applied = await submitWithin(to, command, request)
    return { ...this.#asked(request.address, applied, applied), created: applied.created }
  }

  async tell(request: TellRequest): Promise<TellReply> {
    const to = this.#recipient(request)
    return this.#told(await this.#site.service.submit(await messageCommand(to, request.event, request)))
  }

  async ask(request: AskRequest): Promise<AskReply> {
    const { address, until } = request
    const { service } = this.#site
    const began = service.clock.now()
    const to = this.#recipient(request)
    const fits = until === undefined ? undefined : fitsUntil(address, until)
    const applied = await submitWithin(to, await messageCommand(to, request.event, request), request)
    if (fits === undefined || fits(applied.snapshot)) return this.#asked(address, applied, applied)
    const sought = { show: (seen: SeenActor) => seen, fits: (seen: SeenActor) => fits(seen.snapshot) }
    return this.#asked(address, applied, await firstLater(to, applied, sought, { ...request, began }))
  }

  async terminate({ address, reason }: { address: Address; reason: string }): Promise<ReceiptReply> {
    const to = this.#recipient({ address })
    return this.#receipt(await this.#site.service.submit(terminateCommand(to, reason)))
  }

  async quarantine({ address, reason }: { address: Address; reason: string }): Promise<ReceiptReply> {
    const to = this.#root(address, QUARANTINED_WHOLE)
    return this.#receipt(await this.#site.service.submit(quarantineCommand(to, reason)))
  }

  async release({ address }: { address: Address }): Promise<ReceiptReply> {
    const to = this.#root(address, QUARANTINED_WHOLE)
    return this.#receipt(await this.#site.service.submit(releaseCommand(to)))
  }

  async complete(request: CompleteRequest): Promise<ReceiptReply> {
    this.#assertKnown(readAttemptToken(request.token).actor)
    return this.#receipt(await completed(this.#site.service, request))
  }

  async beat(request: { token: string; details?: unknown }): Promise<ReceiptReply> {
    this.#assertKnown(readAttemptToken(request.token).actor)
    return this.#receipt(await beaten(this.#site.service, request))
  }

  async select({ address, selector }: { address: Address; selector: string }): Promise<unknown> {
    const answer = await selected(this.#root(address), selector)
    try {
      return normalise(answer)
    } catch (error) {
      const found = `'${selector}', of whose answer ${toErrorValue(error).message}`
      throw new InvalidEventError(address, 'a selector whose answer can be written down', found)
    }
  }

  async get({ address, atSeq }: { address: Address; atSeq?: number }): Promise<ActorView | undefined> {
    this.#assertKnown(address)
    const seen = await this.#site.service.see(address, atSeq)
    // An earlier entry than any that is kept has no state.
    return seen && actorView(address, seen)
  }

  async history({ address, after = 0, limit }: HistoryRequest): Promise<readonly JournalEntry[]> {
    this.#assertKnown(address)
    const { service } = this.#site
    const entries: JournalEntry[] = []
    const rows = this.#rows(limit)
    let bytes = 0
    for await (const entry of service.entries(address, after, rows)) {
      bytes += encode(entry).length
      if (entries.push(entry) >= rows || bytes >= service.limits.pageBytesMax) break
    }
    return entries
  }

  async published(request: PublishedRequest): Promise<PublishedPage> {
    this.#assertKnown(request.address)
    const { service, bindings } = this.#site
    const { clock, limits } = service
    return publishedPage(request, { journal: () => service.journal, bindings, clock, limits })
  }

  changes({ address, after, signal }: FollowRequest): AsyncIterable<ActorView> {
    this.#assertFollowable(address)
    const options = {
      ...(after === undefined ? {} : { afterSeq: after }),
      ...(signal === undefined ? {} : { signal }),
    }
    return views(address, changesOf(address, this.#site.service, options))
  }

  events({ address, signal }: { address: Address; signal?: AbortSignal }): AsyncIterable<ActorEvent> {
    this.#assertFollowable(address)
    const { service } = this.#site
    const source = {
      address,
      follow: (listener: (event: ActorEvent) => void) => service.followEvents(address, listener),
      onEnd: (listener: (error: Error) => void) => service.onEnd(listener),
    }
    return queuedEvents(source, service.limits.eventsWaitingMax, signal)
  }

  async list(request: ListRequest): Promise<readonly ListedView[]> {
    return listed(request, this.#listing)
  }

  async count(request: Omit<ListRequest, 'after' | 'limit'>): Promise<number> {
    return counted(request, this.#listing)
  }

  get #listing(): ListingSite {
    const { service, bindings } = this.#site
    const { journal, clock, limits } = service
    return { journal, clock, limits, bindings }
  }

  async deadLetters({ after, limit }: { after?: string; limit?: number }): Promise<DeadLetterView[]> {
    return this.#site.service.journal.deadLetters(after, this.#rows(limit)).map(letterView)
  }

  async deadLetter({ id }: { id: string }): Promise<DeadLetterView | undefined> {
    const letter = this.#site.service.journal.deadLetter(id)
    return letter && letterView(letter)
  }

  async retryDeadLetter({ id }: { id: string }): Promise<RetryReply> {
    const { commandId, position, handled } = await this.#site.service.settleLetter({
      type: 'redrive',
      letter: id,
    })
    return { ...this.#settled(commandId, position), handled }
  }

  async dropDeadLetter({ id, reason }: { id: string; reason?: string }): Promise<ReceiptReply> {
    const { service } = this.#site
    const why = reason === undefined ? {} : { reason: admitReason(`letter ${id}`, reason, service.limits) }
    const { commandId, position } = await service.settleLetter({ type: 'drop', letter: id, ...why })
    return this.#settled(commandId, position)
  }

  async backup({ to }: { to: string }): Promise<BackupReply> {
    return { to, ...(await this.#site.service.journal.backup(to)) }
  }

  #rows(limit: number | undefined): number {
    const { pageRowsMax } = this.#site.service.limits
    return Math.min(limit ?? pageRowsMax, pageRowsMax)
  }

  /** @throws UnknownTypeError; UnavailableError once the runtime has ended: whoever follows then would hear nothing, not even that. */
  #assertFollowable(address: Address): void {
    this.#assertKnown(address)
    void this.#site.service.journal
  }

  /** @throws UnknownTypeError */
  #assertKnown(address: Address): Behaviour {
    return this.#site.bindings.current(idOf(address).type)
  }

  #recipient({ address, start }: { address: Address; start?: unknown }): Recipient {
    if (parentOf(address) === undefined) return this.#root(address)
    if (start !== undefined) throw notRoot(address)
    // What a child may be sent is its own machine's business, which says nothing at the door.
    const behaviour: Behaviour = { ...this.#assertKnown(address), checkEvent: () => undefined }
    return { address, behaviour, service: this.#site.service }
  }

  #root(address: Address, why?: string): Recipient {
    if (parentOf(address) !== undefined) throw notRoot(address, why)
    return { address, behaviour: this.#assertKnown(address), service: this.#site.service }
  }

  /** What came of a command, and the state to show with it. */
  #asked(address: Address, applied: AppliedCommand, seen: SeenActor): AskReply {
    return { ...this.#told(applied), snapshot: actorView(address, seen) }
  }

  #told(applied: AppliedCommand): TellReply {
    return { ...this.#receipt(applied), handled: applied.handled }
  }

  #receipt({ commandId, position, duplicate }: AppliedCommand): ReceiptReply {
    return { ...this.#settled(commandId, position), duplicate }
  }

  #settled(id: string, position: number): ReceiptReply {
    const { durability = 'disk' } = this.#site
    return { id, position, durability, duplicate: false }
  }
}

async function* views(address: Address, states: AsyncIterable<SeenActor>): AsyncGenerator<ActorView> {
  for await (const seen of states) yield actorView(address, seen)
}

const QUARANTINED_WHOLE = 'a tree rests and goes on as one'

function notRoot(
  address: Address,
  why = 'a child is born by its parent and has no selectors',
): InvalidEventError {
  return new InvalidEventError(address, `a root actor: ${why}`, 'the address of a child')
}
