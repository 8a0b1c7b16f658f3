/**
 * Every verb there is for a runtime, as requests and replies in plain data: what the HTTP doors, the control
 * socket and the command line speak. Transport-free; nothing in it knows a definition's types.
 *
 * Implemented by a live runtime (live-api.ts), by a journal read at rest (offline-api.ts: the reading half,
 * the rest answers `Unavailable`), and by whoever forwards to a runtime elsewhere (control/).
 * All of it throws PerdureError, and SetupError for what a journal or a directory refuses, with the same codes wherever
 * it runs.
 */
import type { Address } from '../../actors/address.js'
import type { ActorEvent } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { ActorStatus } from '../../actors/logic.js'

export interface Api {
  /** What runs here: for a person who asks whether anything does, and for a client that checks what it was given. */
  describe(): Promise<Description>
  stats(): Promise<Stats>

  start(request: StartRequest): Promise<StartReply>
  /** Durable and applied when it resolves. */
  tell(request: TellRequest): Promise<TellReply>
  ask(request: AskRequest): Promise<AskReply>
  terminate(request: { readonly address: Address; readonly reason: string }): Promise<ReceiptReply>
  /**
   * Lets a root rest where it is, and all below it: its timers and activities wait, who asks is told `Unavailable` with
   * `details.quarantined`, what nobody waits for is kept for it. Everything else goes on.
   */
  quarantine(request: { readonly address: Address; readonly reason: string }): Promise<ReceiptReply>
  /** Lets it go on from the committed state as it stands; what was kept for it comes first. */
  release(request: { readonly address: Address }): Promise<ReceiptReply>
  /**
   * Ends an attempt of an activity that is worked on elsewhere. The same again is answered as the first time.
   * @throws InvalidKeyError for what is no token; AttemptOverError when nobody waits for that attempt any more: what came of it is void
   */
  complete(request: CompleteRequest): Promise<ReceiptReply>
  /** Says that an attempt lives, and what the next one should know (`lastHeartbeat`). @throws as `complete` */
  beat(request: { readonly token: string; readonly details?: unknown }): Promise<ReceiptReply>
  /** Answers a named question about the state. */
  select(request: { readonly address: Address; readonly selector: string }): Promise<unknown>

  /** Undefined when never born, or not yet then. @throws LaterEntryError for an entry that is not there yet */
  get(request: { readonly address: Address; readonly atSeq?: number }): Promise<ActorView | undefined>
  /** A page of entries after a seq, oldest first; empty at the end. Large entries make short pages. */
  history(request: HistoryRequest): Promise<readonly JournalEntry[]>
  /**
   * A page of what it published, in order: its audit trail, made again from its entries with the code it runs.
   * @throws UnavailableError where that code is not at hand.
   */
  published(request: PublishedRequest): Promise<PublishedPage>
  /** Each state after `after` (from now on, when absent), none left out, until the signal. */
  changes(request: FollowRequest): AsyncIterable<ActorView>
  /**
   * What it emits, and what its running activities say on the side, from the call on, until the signal.
   * @throws OverloadedError when its reader is more than `eventsWaitingMax` behind: these are nowhere to be read again.
   */
  events(request: { readonly address: Address; readonly signal?: AbortSignal }): AsyncIterable<ActorEvent>
  /**
   * A page of actors, in address order, roots alone. Go on with the last one's address as `after`.
   * @throws PerdureError `NotFound` for a type of which there is neither a definition nor an actor.
   */
  list(request: ListRequest): Promise<readonly ListedView[]>
  count(request: Omit<ListRequest, 'after' | 'limit'>): Promise<number>

  /** A page of letters, oldest first; go on with the last one's id as `after`. */
  deadLetters(request: {
    readonly after?: string
    readonly limit?: number
  }): Promise<readonly DeadLetterView[]>
  deadLetter(request: { readonly id: string }): Promise<DeadLetterView | undefined>
  /** Hands the letter's command to its actor again and takes the letter away, in one commit. */
  retryDeadLetter(request: { readonly id: string }): Promise<RetryReply>
  /** Takes the letter away, for good; a commit like any other, so it stays away. */
  dropDeadLetter(request: { readonly id: string; readonly reason?: string }): Promise<ReceiptReply>

  /** Writes a copy of the journal, as of one commit, into a new or empty directory, while work goes on. */
  backup(request: { readonly to: string }): Promise<BackupReply>
}

export interface Description {
  readonly perdure: string
  /** `live` answers every verb; `offline` only reads. */
  readonly mode: 'live' | 'offline'
  /** Absolute path of the data directory. */
  readonly path: string
  /** Of the runtime that has the directory; offline, of one that cannot be reached. */
  readonly pid: number | undefined
  /** Milliseconds since 1970 at which it started; undefined offline. */
  readonly startedAt: number | undefined
  readonly position: number
  readonly types: readonly TypeView[]
}

export interface TypeView {
  readonly type: string
  /** The version newborns get. Undefined where no definition is at hand. */
  readonly version: string | undefined
  /** Older versions that can run here. */
  readonly previous: readonly string[]
  /** What the structure of each of these versions hashes to. */
  readonly fingerprints: Readonly<Record<string, string>>
  readonly selectors: readonly string[]
  readonly kind: 'machine' | 'store' | undefined
}

/** Numbers about a runtime or a journal; what is not known offline is left out. */
export interface Stats {
  readonly position: number
  readonly bytes: number
  readonly actors: readonly {
    readonly type: string
    readonly version: string
    readonly status: ActorStatus
    readonly count: number
  }[]
  readonly deadLetters: number
  /** Of the running engine. */
  readonly live?: {
    readonly uptimeMs: number
    readonly commandsWaiting: number
    readonly activitiesRunning: number
    readonly actorsInMemory: number
  }
}

export interface StartRequest {
  readonly address: Address
  readonly input: unknown
  /** Idempotency key of the command; minted when absent. */
  readonly id?: string
  readonly timeoutMs?: number
  /** Ends the wait, not the command. */
  readonly signal?: AbortSignal
  readonly trace?: string
}

export interface TellRequest {
  readonly address: Address
  readonly event: ActorEvent
  readonly id?: string
  /** Input to be born with, should it not be. */
  readonly start?: { readonly input: unknown }
  readonly delayMs?: number
  readonly trace?: string
}

export interface AskRequest extends TellRequest {
  /** A state's path, `a.b`; or `#tag`; or `done` (it has ended, however): the answer is the first state at or after the command that fits. */
  readonly until?: string
  readonly timeoutMs?: number
  /** Ends the wait, not the command. */
  readonly signal?: AbortSignal
}

/** What came of an attempt: an output (nothing, where both are absent), or an error. */
export interface CompleteRequest {
  readonly token: string
  readonly output?: unknown
  readonly error?: {
    readonly message: string
    readonly name?: string
    readonly code?: string
    readonly details?: unknown
    /** Whether the policy may try again; it may when absent. */
    readonly retry?: boolean
  }
}

export interface HistoryRequest {
  readonly address: Address
  readonly after?: number
  readonly limit?: number
}

/** `after` is an entry's seq, `limit` events at the most; what one entry published is never parted. */
export type PublishedRequest = HistoryRequest

export interface PublishedPage {
  readonly events: readonly PublishedView[]
  /** The `after` to go on with, also from a page without events; absent at the end. */
  readonly next?: number
}

export interface PublishedView {
  /** The entry that published it. */
  readonly seq: number
  /** When that was applied, milliseconds since 1970. */
  readonly at: number
  readonly event: ActorEvent
}

export interface FollowRequest {
  readonly address: Address
  readonly after?: number
  readonly signal?: AbortSignal
}

export interface ListRequest {
  readonly type?: string
  /** A state's path, `a.b`: fits it and what is below it. */
  readonly state?: string
  readonly tag?: string
  readonly status?: ActorStatus
  readonly version?: string
  /** Those that are quarantined, or those that are not. */
  readonly quarantined?: boolean
  /** No entry for at least that long. */
  readonly idleMs?: number
  readonly after?: Address
  readonly limit?: number
}

export interface ReceiptReply {
  readonly id: string
  readonly position: number
  readonly durability: 'disk' | 'replicated'
  readonly duplicate: boolean
}

export interface TellReply extends ReceiptReply {
  /** Whether its state had a transition for the event. */
  readonly handled: boolean
}

export interface RetryReply extends ReceiptReply {
  /** Whether its actor did something on it. Not when it has ended, or waits for it no more. */
  readonly handled: boolean
}

export interface AskReply extends TellReply {
  readonly snapshot: ActorView
}

export interface StartReply extends AskReply {
  readonly created: boolean
}

/** An actor's state as data. */
export interface ActorView {
  readonly id: Address
  readonly value: unknown
  readonly context: unknown
  readonly status: ActorStatus
  readonly output?: unknown
  readonly error?: unknown
  readonly tags: readonly string[]
  readonly seq: number
  readonly version: string
  /** `at` of its last entry, milliseconds since 1970. */
  readonly at: number
  /** While it rests by an operator's order. */
  readonly quarantine?: QuarantineView
  /** The state as its logic wrote it, for a client that holds the definition; left out of JSON. */
  readonly state?: Uint8Array
}

export interface QuarantineView {
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly since: number
  /** How many commands are kept for its release. */
  readonly held: number
}

export interface ListedView {
  readonly id: Address
  readonly value: unknown
  readonly tags: readonly string[]
  readonly status: ActorStatus
  readonly version: string
  readonly seq: number
  readonly at: number
  readonly quarantined?: true
}

export interface DeadLetterView {
  /** Names the letter for `retry` and `drop`; letters sort by it, oldest first. */
  readonly id: string
  readonly address: Address
  readonly at: number
  readonly position: number
  readonly kind: string
  /** The event's type, or what stands for it. */
  readonly event: string
  readonly command: unknown
  readonly error: ErrorValue
}

export interface BackupReply {
  readonly to: string
  /** The last position in it. */
  readonly position: number
  readonly bytes: number
}
