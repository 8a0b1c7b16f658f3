/**
 * The port a behaviour implements: an XState machine, an `@xstate/store`, anything else that is a pure
 * function of state and stimulus. The engine knows actors only through it.
 */
import type { Address } from './address.js'
import type { ActorEvent } from './command.js'
import type { Effect } from './effect.js'
import type { ErrorValue } from './errors.js'

/** What the engine gives a logic to step on. */
export type Stimulus =
  | { readonly type: 'event'; readonly event: ActorEvent }
  /** The outcome of the invocation or child `id`. */
  | { readonly type: 'done'; readonly id: string; readonly output: unknown }
  | { readonly type: 'error'; readonly id: string; readonly error: ErrorValue }
  | { readonly type: 'snapshot'; readonly id: string; readonly snapshot: unknown }
  /** A timer the logic set, by the `id` and with the `event` it gave; the logic's own, so never refused as reserved. */
  | { readonly type: 'timer'; readonly id: string; readonly event: ActorEvent }

/** All that a step may know besides state and stimulus. Clock and randomness are answered from it. */
export interface StepContext {
  readonly self: Address
  readonly parent: Address | undefined
  /** The entry's number within the actor: what ids are minted from. */
  readonly seq: number
  /** Milliseconds since 1970; what `Date` says while the step runs. */
  readonly at: number
  /** 32 bits; what `Math.random` and `crypto.randomUUID` are derived from while the step runs. */
  readonly seed: number
}

export interface Step<State> {
  readonly state: State
  readonly effects: readonly Effect[]
  /** Whether the state had a transition for the stimulus; one that changes nothing counts. */
  readonly handled: boolean
}

export type ActorStatus = 'active' | 'done' | 'error' | 'stopped'

/**
 * Invariants: `initial` and `step` are synchronous and pure, throw what the user's code throws, and never
 * change the state they are given; `decode(encode(state))` behaves as `state` does; `decode`, `encode`,
 * `status` and `snapshot` run no user code.
 */
export interface ActorLogic<State = unknown> {
  initial(input: unknown, context: StepContext): Step<State>
  step(state: State, stimulus: Stimulus, context: StepContext): Step<State>
  status(state: State): ActorStatus
  /** @throws UnserialisableError when the state holds what cannot be written down. */
  encode(state: State): Uint8Array
  decode(bytes: Uint8Array): State
  /** The state as people see it. */
  snapshot(state: State): ActorSnapshot
  /** What `src` stands for in this logic's effects, or undefined when it names nothing. */
  source(src: string): Source | undefined
  /** Plain data in which equal states are equal: no live objects, no hidden order. What digests are made of. */
  canonical(state: State): unknown
}

/** A state as people see it. A logic may give more (XState: `matches`, `hasTag`, `can`). */
export interface ActorSnapshot {
  readonly value: unknown
  readonly context: unknown
  readonly status: ActorStatus
  readonly output: unknown
  readonly error: unknown
  readonly tags: ReadonlySet<string>
}

/** What an actor can invoke. */
export type Source = TaskSource | EachSource | ChildSource
export type TaskSource = ActivitySource | AskSource

/** Work in the outside world. */
export interface ActivitySource {
  readonly kind: 'activity'
  run(call: ActivityCall): Promise<unknown>
  readonly policy: ActivityPolicy
}

/** A question to another actor: its input is `{ key, event }`. */
export interface AskSource {
  readonly kind: 'ask'
  readonly actorType: string
  readonly selector: string
  readonly timeoutMs: number
}

/** The same task for each item of an array input; its output is one settled result an item, in order. */
export interface EachSource {
  readonly kind: 'each'
  readonly of: TaskSource
  readonly concurrency: number
}

export interface ChildSource {
  readonly kind: 'child'
  readonly logic: ActorLogic
}

/** What an activity's function is given. */
export interface ActivityCall {
  readonly input: unknown
  /** Aborted when the invocation is stopped, its deadline passes, or the runtime stops. */
  readonly signal: AbortSignal
  /** From 1; a redispatch after a crash counts. */
  readonly attempt: number
  /** The same for every attempt of one invocation, and never that of another. */
  readonly idempotencyKey: string
  /** Says that it lives, with what the next attempt should know. */
  heartbeat(details?: unknown): void
  /** The details of the last heartbeat of an earlier attempt. */
  readonly lastHeartbeat?: unknown
  /** For whoever watches now; never stored. */
  emit(live: ActorEvent): void
  /** Names the attempt, for whoever completes it elsewhere. */
  readonly token: string
  /** Leaves the attempt to whoever has its token; never resolves here. */
  elsewhere(): Promise<never>
}

/** How often and how long an activity is tried. Everything set; defaults are in `limits`. */
export interface ActivityPolicy {
  readonly attempts: number
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  /** Names or codes of errors that end it at once. */
  readonly nonRetryable: readonly string[]
  readonly attemptMs: number
  readonly overallMs: number
  /** Fail an attempt that has not said it lives for that long; 0 for never. */
  readonly heartbeatMs: number
  /** Never run twice: if its process dies while it runs, the outcome is the error `OutcomeUnknown`. */
  readonly once: boolean
  /** The work queue it belongs to, for workers elsewhere. */
  readonly queue: string | undefined
}
