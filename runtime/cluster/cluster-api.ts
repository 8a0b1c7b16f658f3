/**
 * Every verb, for a whole cluster: commands go into the inbox of their actor's shard, reads to whoever owns it, and
 * what is about all actors is asked of every shard and put together.
 *
 * Owns: nothing but that. Invariants: nothing is tried again here but an answer that was lost, under the command's id;
 * a shard that nobody owns for longer than `shardAwayMsMax` is `Unavailable` and retryable.
 */
import type { Address } from '../../actors/address.js'
import { readAttemptToken } from '../../actors/attempt-token.js'
import type { Clock } from '../../actors/clock.js'
import { decode, encode } from '../../actors/codec.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import { InvalidEventError, TimeoutError, UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type * as api from '../api/api.js'
import { queuedEvents } from '../api/event-queue.js'
import { fitsUntil } from '../api/until.js'
import type { RemoteApi, StatesListener } from '../client/remote/remote-service.js'
import { errorIn } from '../control/wire-answer.js'
import { type FeedListener, hearStates, type OpenFeed, type OwnersFeed, readStates } from './feed-reader.js'
import { READ_VERBS } from './shard-verbs.js'

/** How a cluster is reached. */
export interface ClusterWire {
  readonly shards: number
  shardOf(address: Address): number
  /**
   * What the owner of a shard says to a verb; one that only reads may be asked of the next owner as well.
   * @throws UnavailableError when nobody owns it for a while, or it says nothing in time
   */
  ask(
    shard: number,
    verb: string,
    body: Uint8Array,
    how: { readonly timeoutMs: number; readonly isRead: boolean },
  ): Promise<Uint8Array>
  /** What the owner of a shard tells of an actor that is followed. @throws UnavailableError when it cannot be asked now */
  follow(shard: number, body: Uint8Array, timeoutMs: number, listener: FeedListener): OwnersFeed
  /**
   * Appends a command to its shard's inbox, and waits for what its owner says came of it.
   * @throws PerdureError as the step did; TimeoutError with the id to ask again under; UnavailableError, OverloadedError
   * and TooLargeError when it could not be appended.
   */
  command(command: Command, timeoutMs: number, signal?: AbortSignal): Promise<api.StartReply>
  /** Told of what an actor emits from when it resolves, until the signal. */
  events(address: Address, listener: (event: ActorEvent) => void, signal: AbortSignal): Promise<void>
  mintId(): string
  readonly clock: Clock
}

interface Opening {
  readonly signal?: AbortSignal
  readonly onOpen?: () => void
}

const READS: ReadonlySet<string> = new Set(READ_VERBS)

/** Commands that a caller describes and the wire carries. */
type Envelope = Pick<Command, 'commandId' | 'target' | 'trace'>

export class ClusterApi implements RemoteApi {
  readonly storesCommands = true
  readonly #wire: ClusterWire
  readonly #limits: Limits

  constructor(wire: ClusterWire, limits: Limits) {
    this.#wire = wire
    this.#limits = limits
  }

  async describe(): Promise<api.Description> {
    return this.#ask(0, 'describe', {})
  }

  /** Of all shards together. */
  async stats(): Promise<api.Stats> {
    const all = await this.#everywhere<api.Stats>('stats', {})
    const counts = new Map<string, api.Stats['actors'][number]>()
    for (const one of all.flatMap(({ actors }) => actors)) {
      const name = `${one.type}@${one.version}@${one.status}`
      const before = counts.get(name)
      counts.set(name, { ...one, count: one.count + (before?.count ?? 0) })
    }
    return {
      position: sum(all.map(one => one.position)),
      bytes: sum(all.map(one => one.bytes)),
      actors: [...counts.values()],
      deadLetters: sum(all.map(one => one.deadLetters)),
      live: {
        uptimeMs: Math.max(...all.map(one => one.live?.uptimeMs ?? 0)),
        commandsWaiting: sum(all.map(one => one.live?.commandsWaiting ?? 0)),
        activitiesRunning: sum(all.map(one => one.live?.activitiesRunning ?? 0)),
        actorsInMemory: sum(all.map(one => one.live?.actorsInMemory ?? 0)),
      },
    }
  }

  start({ input, timeoutMs, signal, ...request }: api.StartRequest): Promise<api.StartReply> {
    return this.#command({ ...this.#envelope(request), kind: 'start', input }, timeoutMs, signal)
  }

  tell(request: api.TellRequest): Promise<api.TellReply> {
    return this.#command(this.#message(request), undefined, undefined)
  }

  async ask({ until, timeoutMs = this.#limits.askTimeoutMs, signal, ...request }: api.AskRequest) {
    const { address } = request
    const fits = until === undefined ? undefined : fitsUntil(address, until)
    const { clock } = this.#wire
    const began = clock.elapsed()
    const applied = await this.#command(this.#message(request), timeoutMs, signal)
    if (fits === undefined || fits(judged(applied.snapshot))) return applied
    const patience = new AbortController()
    const give = () => patience.abort()
    const cancel = clock.after(Math.max(0, timeoutMs - (clock.elapsed() - began)), give)
    signal?.addEventListener('abort', give, { once: true })
    try {
      const after = applied.snapshot.seq
      for await (const view of this.changes({ address, after, signal: patience.signal }))
        if (fits(judged(view))) return { ...applied, snapshot: view }
    } finally {
      cancel()
      signal?.removeEventListener('abort', give)
    }
    signal?.throwIfAborted()
    throw new TimeoutError(address, `the wait for '${until}'`, timeoutMs, applied.id)
  }

  terminate({ address, reason }: { address: Address; reason: string }): Promise<api.ReceiptReply> {
    const order = { type: 'terminate', reason } as const
    return this.#command({ ...this.#envelope({ address }), kind: 'operator', order }, undefined, undefined)
  }

  quarantine(request: { address: Address; reason: string }): Promise<api.ReceiptReply> {
    return this.#askOwner('quarantine', request)
  }

  release(request: { address: Address }): Promise<api.ReceiptReply> {
    return this.#askOwner('release', request)
  }

  async complete(request: api.CompleteRequest): Promise<api.ReceiptReply> {
    return this.#ask(this.#shardOfAttempt(request), 'complete', request)
  }

  async beat(request: { token: string; details?: unknown }): Promise<api.ReceiptReply> {
    return this.#ask(this.#shardOfAttempt(request), 'beat', request)
  }

  #shardOfAttempt({ token }: { readonly token: string }): number {
    return this.#wire.shardOf(readAttemptToken(token).actor)
  }

  select(request: { address: Address; selector: string }): Promise<unknown> {
    return this.#askOwner('select', request)
  }

  get(request: { address: Address; atSeq?: number }): Promise<api.ActorView | undefined> {
    return this.#askOwner('get', request)
  }

  history(request: api.HistoryRequest): Promise<readonly JournalEntry[]> {
    return this.#askOwner('history', request)
  }

  published(request: api.PublishedRequest): Promise<api.PublishedPage> {
    return this.#askOwner('published', request)
  }

  async *changes({
    address,
    after,
    signal,
    onOpen,
  }: api.FollowRequest & Opening): AsyncGenerator<api.ActorView> {
    let cursor = after
    while (signal?.aborted !== true) {
      const request = { address, ...(cursor === undefined ? {} : { after: cursor }) }
      for await (const view of readStates(request, this.#feeds(address), signal)) {
        // Not before: whoever is told takes it that somebody is there.
        onOpen?.()
        const isBase = cursor === undefined
        cursor = view?.seq ?? 0
        if (!isBase) yield view as api.ActorView
      }
    }
  }

  watch({ address, after }: { address: Address; after?: number }, listener: StatesListener): () => void {
    const request = { address, isBare: true, ...(after === undefined ? {} : { after }) }
    return hearStates(request, this.#feeds(address), listener)
  }

  /** Of the shard's owner; each ends of itself after a while. */
  #feeds(address: Address): OpenFeed {
    const { changesWaitMs, remoteReplyMsMax } = this.#limits
    const shard = this.#wire.shardOf(address)
    return (request, listener) =>
      this.#wire.follow(shard, request, changesWaitMs + remoteReplyMsMax, listener)
  }

  async *events({ address, signal, onOpen }: { address: Address } & Opening): AsyncGenerator<ActorEvent> {
    const ending = new AbortController()
    let tell: (event: ActorEvent) => void = () => {}
    const source = {
      address,
      follow: (listener: (event: ActorEvent) => void) => {
        tell = listener
        return () => ending.abort()
      },
      onEnd: () => () => {},
    }
    const queued = queuedEvents(source, this.#limits.eventsWaitingMax, signal)
    await this.#wire.events(address, event => tell(event), ending.signal)
    onOpen?.()
    yield* queued
  }

  /** Each shard gives a page; the first of all of them together are the page. */
  async list(request: api.ListRequest): Promise<readonly api.ListedView[]> {
    const limit = Math.min(request.limit ?? this.#limits.pageRowsMax, this.#limits.pageRowsMax)
    const pages = await this.#everywhere<readonly api.ListedView[]>('list', { ...request, limit })
    return pages
      .flat()
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
      .slice(0, limit)
  }

  async count(request: Omit<api.ListRequest, 'after' | 'limit'>): Promise<number> {
    return sum(await this.#everywhere<number>('count', request))
  }

  /** By shard, and in each by age. */
  async deadLetters({ after, limit = this.#limits.pageRowsMax }: { after?: string; limit?: number }) {
    const letters: api.DeadLetterView[] = []
    const from = after === undefined ? { shard: 0, id: undefined } : placeOf(after)
    for (let shard = from.shard; shard < this.#wire.shards && letters.length < limit; shard++) {
      const page: readonly api.DeadLetterView[] = await this.#ask(shard, 'deadLetters', {
        limit: limit - letters.length,
        ...(shard === from.shard && from.id !== undefined ? { after: from.id } : {}),
      })
      letters.push(...page.map(letter => ({ ...letter, id: nameOf(shard, letter.id) })))
    }
    return letters
  }

  async deadLetter({ id }: { id: string }): Promise<api.DeadLetterView | undefined> {
    const place = placeOf(id)
    const letter: api.DeadLetterView | undefined = await this.#ask(place.shard, 'deadLetter', {
      id: place.id,
    })
    return letter && { ...letter, id }
  }

  retryDeadLetter({ id }: { id: string }): Promise<api.RetryReply> {
    const place = placeOf(id)
    return this.#ask(place.shard, 'retryDeadLetter', { id: place.id })
  }

  dropDeadLetter({ id, ...request }: { id: string; reason?: string }): Promise<api.ReceiptReply> {
    const place = placeOf(id)
    return this.#ask(place.shard, 'dropDeadLetter', { ...request, id: place.id })
  }

  async backup(): Promise<api.BackupReply> {
    throw new UnavailableError(
      'a cluster is not copied as one: each member copies the journals it keeps (perdure backup on its directory)',
      undefined,
      false,
    )
  }

  #message({ event, start, delayMs, ...request }: api.TellRequest): Command {
    return {
      ...this.#envelope(request),
      kind: 'message',
      event,
      ...(start === undefined ? {} : { start }),
      ...(delayMs === undefined ? {} : { delayMs }),
    }
  }

  #envelope({ address, id, trace }: { address: Address; id?: string; trace?: string }): Envelope {
    return {
      commandId: id ?? this.#wire.mintId(),
      target: address,
      ...(trace === undefined ? {} : { trace }),
    }
  }

  #command(command: Command, timeoutMs: number | undefined, signal: AbortSignal | undefined) {
    return this.#wire.command(command, timeoutMs ?? this.#limits.askTimeoutMs, signal)
  }

  #askOwner<Result>(verb: string, request: { readonly address: Address }): Promise<Result> {
    return this.#ask(this.#wire.shardOf(request.address), verb, request)
  }

  #everywhere<Result>(verb: string, request: object): Promise<Result[]> {
    const shards = Array.from({ length: this.#wire.shards }, (_, shard) => shard)
    return Promise.all(shards.map(shard => this.#ask<Result>(shard, verb, request)))
  }

  /**
   * An owner that says nothing for the term of a lease may be frozen or cut off, and another have its shard: what only
   * reads is asked again then, and the first answer to any of it counts.
   */
  async #answered(shard: number, verb: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { leaseMs } = this.#limits
    const asked: Promise<Uint8Array>[] = []
    for (let leftMs = timeoutMs; ; leftMs -= leaseMs) {
      const isRead = READS.has(verb)
      asked.push(this.#wire.ask(shard, verb, body, { timeoutMs: leftMs, isRead }))
      if (!READS.has(verb) || leftMs <= leaseMs) return Promise.race(asked)
      let cancel = () => {}
      const term = new Promise<undefined>(resolve => {
        cancel = this.#wire.clock.after(leaseMs, () => resolve(undefined))
      })
      const answer = await Promise.race([...asked, term]).finally(() => cancel())
      if (answer !== undefined) return answer
    }
  }

  async #ask<Result>(shard: number, verb: string, request: object, timeoutMs?: number): Promise<Result> {
    const answer = decode(
      await this.#answered(shard, verb, encode(request), timeoutMs ?? this.#limits.remoteReplyMsMax),
    )
    const { ok, result } = answer as { ok: boolean; result: Result }
    if (!ok) throw errorIn(answer)
    return result
  }
}

/** What a predicate over states looks at. */
function judged({ value, status, tags, context }: api.ActorView) {
  return { value, status, context, tags: new Set(tags) } as unknown as Parameters<
    ReturnType<typeof fitsUntil>
  >[0]
}

/** A letter is named by its shard and, within that, by its journal. */
function nameOf(shard: number, id: string): string {
  return `${shard}.${id}`
}

/** @throws InvalidEventError for what names no letter of a cluster. */
function placeOf(letter: string): { readonly shard: number; readonly id: string } {
  const at = letter.indexOf('.')
  const shard = Number(letter.slice(0, at))
  if (at < 1 || !Number.isSafeInteger(shard) || shard < 0)
    throw new InvalidEventError('', "a letter's id as 'dead list' shows it, <shard>.<number>", `'${letter}'`)
  return { shard, id: letter.slice(at + 1) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}
