/**
 * The client's surface, as types. Every shape hangs on the actor's logic, so that a wrong event, state or
 * selector is an error where it is written.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  AnyActorLogic,
  EmittedFrom,
  EventFromLogic,
  InputFrom,
  OutputFrom,
  Snapshot,
  SnapshotFrom,
  Subscription,
} from 'xstate'
import type { JournalEntry } from '../../actors/commit.js'
import type { ActorDefinition, AnyDefinition } from '../../machines/index.js'

type SnapshotKey = 'value' | 'context' | 'status' | 'output' | 'error' | 'tags' | 'matches' | 'hasTag' | 'can'

/** An actor's state as committed, with the number of the entry that made it and the version it runs. */
export type DurableSnapshot<L extends AnyActorLogic> = Pick<
  SnapshotFrom<L>,
  Extract<keyof SnapshotFrom<L>, SnapshotKey>
> & { readonly seq: number; readonly version: string }

/** What a sender knows once its command is durable. */
export interface Receipt {
  /** The command's id: ask again with it to learn the outcome. */
  readonly id: string
  /** Position in the shard of the entry it became. */
  readonly position: number
  readonly durability: 'disk' | 'replicated'
  /** The id came before; nothing was applied again. */
  readonly duplicate: boolean
}

/** A receipt, and the actor as it was after the command. */
export interface Applied<L extends AnyActorLogic> extends Receipt {
  /** Whether the state had a transition for the event. */
  readonly handled: boolean
  readonly snapshot: DurableSnapshot<L>
}

export interface Wait {
  /** Milliseconds; `limits.askTimeoutMs` when absent. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** The engine's and XState's own events cannot be sent. */
type Sendable<E> = E extends { type: `xstate.${string}` | `$${string}` } ? never : E

/** One line of an actor's history: a command, and what came of it. */
export type HistoryEntry = Omit<JournalEntry, 'address' | 'digest'>

/** One actor, by name. Making a handle does nothing; the actor need not exist. */
export interface ActorHandle<L extends AnyActorLogic, S> {
  readonly id: `${string}/${string}`
  /** Gives birth, unless the actor lives: then `created` is false and nothing changes. */
  start(input: InputFrom<L>, options?: Wait & { id?: string }): Promise<Applied<L> & { created: boolean }>
  /**
   * Sends an event; resolves when it is durable and applied.
   * @throws PerdureError `NotFound`, `InvalidEvent`, `NotHandled`, `IdConflict`, `Overloaded`, `StepFailed`, `Unavailable`.
   */
  send(
    event: Sendable<EventFromLogic<L>>,
    options?: { id?: string; start?: InputFrom<L>; delayMs?: number },
  ): Promise<Receipt>
  /**
   * Sends an event and answers with the state after it; with `until`, with the first state at or after it that fits.
   * @throws PerdureError as `send`, and `Timeout`, whose details hold the id to ask again with.
   */
  ask(
    event: Sendable<EventFromLogic<L>>,
    options?: Wait & { id?: string; start?: InputFrom<L>; until?: (snapshot: DurableSnapshot<L>) => boolean },
  ): Promise<Applied<L>>
  /** Answers a named question about the state. @throws PerdureError `NotFound` */
  select<K extends keyof S>(name: K): Promise<S[K] extends (...args: never[]) => infer R ? R : never>
  /**
   * The state now, or after entry `atSeq`; undefined when never born. Wakes and writes nothing.
   * @throws PerdureError `NotFound` for an entry that is not there yet; `details.lastSeq` is the last there is.
   */
  getSnapshot(options?: { atSeq?: number }): Promise<DurableSnapshot<L> | undefined>
  /** The first state, from now on, that fits. @throws PerdureError `Timeout` */
  waitFor(predicate: (snapshot: DurableSnapshot<L>) => boolean, options?: Wait): Promise<DurableSnapshot<L>>
  /** The output, once it is done. @throws PerdureError `StepFailed` when it ended otherwise; `Timeout` */
  output(options?: Wait): Promise<OutputFrom<L>>
  /** Told of each state committed from now on. */
  subscribe(listener: (snapshot: DurableSnapshot<L>) => void): Subscription
  /** Each state after `afterSeq` (from now on, when absent), none left out, until the signal. */
  changes(options?: { afterSeq?: number; signal?: AbortSignal }): AsyncIterable<DurableSnapshot<L>>
  /** Told of each event of a type that it emits, or that a running activity of it does, from now on. */
  on<T extends EmittedFrom<L>['type']>(
    type: T,
    listener: (event: Extract<EmittedFrom<L>, { type: T }>) => void,
  ): Subscription
  /** Its entries after `afterSeq`, oldest first. */
  history(options?: { afterSeq?: number }): AsyncIterable<HistoryEntry>
  /** Ends it where it is, with all it runs. */
  terminate(reason: string): Promise<Receipt>
}

export interface ListOptions {
  /** A state's path, `a.b`: fits it and what is below it. */
  readonly state?: string
  readonly tag?: string
  readonly status?: Snapshot<unknown>['status']
  /** No entry for at least that long. */
  readonly idleMs?: number
  readonly limit?: number
}

/** One line of a list. */
export interface Listed {
  readonly id: string
  readonly value: unknown
  readonly seq: number
}

export interface Client extends AsyncDisposable {
  /** @throws PerdureError `NotFound` for a type this runtime was not given, `InvalidEvent` for a bad key. */
  actor<L extends AnyActorLogic, S>(definition: ActorDefinition<L, S>, key: string): ActorHandle<L, S>
  /** Actors of a type, in order of their keys, without waking them. */
  list(definition: AnyDefinition, query?: ListOptions): AsyncIterable<Listed>
}

export interface Runtime extends Client {
  /**
   * The HTTP API, for any Node server: `createServer(runtime.handler)`, or mounted where the router takes the prefix off
   * `req.url`. It lets in whoever reaches it: put your own authentication before it.
   */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  /** Where the inspector is, when one was asked for. */
  readonly inspectUrl?: string | undefined
  /**
   * Its metrics in Prometheus' text format (version 0.0.4), the process's own among them.
   * @throws PerdureError `Unavailable` when it was created without `metrics: true`, or has ended
   */
  metrics(): Promise<string>
  /** Finishes what was accepted, lets activities end for a while, and closes the journal. */
  stop(): Promise<void>
}
