/**
 * A command is everything that can change an actor. There are five kinds and no sixth: whatever happens
 * outside (a person, an activity, a clock, another actor) comes in as one of these, through the inbox.
 */
import type { Address } from './address.js'
import type { ErrorValue } from './errors.js'

/** What XState calls an event: an object with a `type`. */
export interface ActorEvent {
  readonly type: string
  readonly [field: string]: unknown
}

interface Envelope {
  /** Names the command within its actor; the same id again is answered, not applied. */
  readonly commandId: string
  readonly target: Address
  /** The actor that sent it; absent when it came from outside. */
  readonly sender?: Address
  /** Milliseconds since 1970 at which it happened, when the source knows better than the clock. */
  readonly at?: number
  /** W3C trace context: `traceparent`, and after a space `tracestate`. Of its step, once it is stepped. */
  readonly trace?: string
  /** How often a step of it was begun after its process was killed; durable before the step begins. */
  readonly attempts?: number
  /** Of one taken in before it is stepped: nobody hears what comes of it, so that refused it is kept as a dead letter. */
  readonly unheard?: true
  /** The dead letter it was, for one that is stepped again: its id is no repetition then. */
  readonly redriven?: string
}

/** Birth, asked for from outside. A second one finds the actor and changes nothing. */
export interface StartCommand extends Envelope {
  readonly kind: 'start'
  readonly input: unknown
  /** In an entry: the version the actor was born on, so that it is born on the same when folded again. */
  readonly version?: string
}

/** An event for the actor. */
export interface MessageCommand extends Envelope {
  readonly kind: 'message'
  readonly event: ActorEvent
  /** Input to be born with, should the actor not be (start-or-signal). */
  readonly start?: { readonly input: unknown }
  /** Keep the event that long, as a timer of the actor, before it is stepped. */
  readonly delayMs?: number
  /** An actor's ask: after the event is applied, `selector` is answered to the asker. */
  readonly ask?: { readonly selector: string; readonly replyTo: InvocationToken }
}

/** The outcome of something the actor invoked: an activity's attempt, an ask, a child. */
export interface ResultCommand extends Envelope {
  readonly kind: 'result'
  readonly token: InvocationToken
  readonly outcome: Outcome
}

/** A timer of the actor is due. `timer` is its number: one that was cancelled or replaced has none. */
export interface TimerCommand extends Envelope {
  readonly kind: 'timer'
  readonly timer: number
}

/** An order to the engine about this actor. */
export interface OperatorCommand extends Envelope {
  readonly kind: 'operator'
  readonly order: OperatorOrder
}

export type OperatorOrder =
  /** End the actor where it is: its invocations, timers and children with it. */
  | { readonly type: 'terminate'; readonly reason: string }
  /**
   * Rest where it is, all below it too: nothing is stepped, what comes and nobody waits for is kept in the record.
   * Given to a root; parents hand it on.
   */
  | { readonly type: 'quarantine'; readonly reason: string }
  /** Go on from the committed state as it stands, with what was held back first. */
  | { readonly type: 'release' }
  /** Given by a parent: be born under this invocation. */
  | {
      readonly type: 'spawn'
      /** The names of its logic among the sources, from the root down. */
      readonly srcs: readonly string[]
      readonly input: unknown
      readonly version: string
      readonly token: InvocationToken
      readonly syncSnapshot: boolean
    }
  /** Given by a parent: end, if still the child of this epoch. */
  | { readonly type: 'stop'; readonly epoch: number }
  /** An attempt begins: the wait before a retry is over, or its start must be known after a crash (`once`). */
  | { readonly type: 'attempt'; readonly token: InvocationToken }
  /**
   * Another owns the shard from here on; these attempts go on where they were begun, and their results come from there.
   * What was to run besides has not begun.
   */
  | { readonly type: 'away'; readonly at: Whereabouts; readonly running: readonly InvocationToken[] }
  /** Whoever ran the attempts that are away there is gone; each counts, and the next is owed. */
  | { readonly type: 'gone'; readonly at: Whereabouts }
  | RecoverOrder
  /** An attempt goes on elsewhere: its result comes by its token, whatever becomes of the process that began it. */
  | { readonly type: 'handOff'; readonly token: InvocationToken }
  /** Who works on an attempt elsewhere says that it lives, and what the next attempt should know. */
  | { readonly type: 'beat'; readonly token: InvocationToken; readonly details?: unknown }
  | LetterOrder

/** A member of a cluster, in one of its lives: one ends when its lease does. */
export interface Whereabouts {
  readonly member: string
  readonly life: string
}

/** The process that ran the attempts owed at or before a position is gone; each counts, and the next is owed. */
export interface RecoverOrder {
  readonly type: 'recover'
  readonly until: number
  /** The same of processes before that one, for attempts that were not counted when those were lost. Absent: none. */
  readonly earlier?: readonly number[]
}

/** About a dead letter of this actor, born or not; with the commit the letter is gone for good. */
export type LetterOrder =
  /**
   * Step its command again, as it was meant; what nothing waits for any more (an ask whose asker was told of the
   * failure, an old timer) does nothing. One that fails again leaves a new letter; a refused one stays.
   */
  | { readonly type: 'redrive'; readonly letter: string }
  | { readonly type: 'drop'; readonly letter: string; readonly reason?: string }

export type Command = StartCommand | MessageCommand | ResultCommand | TimerCommand | OperatorCommand

/**
 * Which attempt of which invocation a result belongs to. The epoch grows with every invocation an actor
 * ever starts, so a late result of an earlier life of the same id finds no match and is dropped.
 */
export interface InvocationToken {
  readonly actor: Address
  /** The actor's incarnation: a reborn actor counts epochs anew. */
  readonly incarnation: number
  /** The id in the machine: `invoke.id`, or the child's id. */
  readonly id: string
  readonly epoch: number
  /** Index of the task within an `each`; 0 otherwise. */
  readonly task: number
  /** From 1. */
  readonly attempt: number
}

export type Outcome =
  | { readonly status: 'done'; readonly output: unknown }
  /** `retry: false` ends the invocation whatever attempts are left; `heartbeat` is what the attempt said last. */
  | {
      readonly status: 'error'
      readonly error: ErrorValue
      readonly retry: boolean
      readonly heartbeat?: unknown
    }
  /** A child's state, for a parent that asked to be told (`syncSnapshot`, `onSnapshot`). */
  | { readonly status: 'snapshot'; readonly snapshot: unknown }
