/**
 * An actor as it is written down: whole, after a certain entry. The record is the truth about an actor;
 * everything the journal keeps beside it (who is due, who owes work, lists by state) is an index on it.
 * It is a pure fold of the actor's entries, which is what `verify` proves.
 */
import type { Address } from './address.js'
import type { ActorEvent, Command, InvocationToken, Whereabouts } from './command.js'
import type { ErrorValue } from './errors.js'
import type { ActorStatus } from './logic.js'

export interface ActorRecord {
  readonly address: Address
  /** Position of the entry at which it was born. */
  readonly incarnation: number
  /** The definition's version it is pinned to. */
  readonly version: string
  /** Number of its last entry, from 1. */
  readonly seq: number
  /** Position of its last entry in the shard. */
  readonly position: number
  /** `at` of its last entry. */
  readonly at: number
  readonly status: ActorStatus
  /** The logic's state, encoded by it. */
  readonly state: Uint8Array
  /** For a child: what it is and whom to tell when it ends. */
  readonly child?: ChildBond
  readonly timers: readonly Timer[]
  readonly invocations: readonly Invocation[]
  readonly children: readonly Child[]
  /** Last epoch and last timer number given out. */
  readonly epoch: number
  readonly timer: number
  /** Command ids applied lately, oldest first. */
  readonly recent: readonly RecentCommand[]
  /** Why it was terminated, if it was. */
  readonly terminated?: string
  /** Set while it rests by an operator's order. */
  readonly quarantine?: Quarantine
}

export interface Quarantine {
  readonly reason: string
  /** `at` of the entry that began it. */
  readonly since: number
  /** What came meanwhile and nobody waits for, oldest first: stepped with its release, before anything else. */
  readonly held: readonly Command[]
}

/** What a child knows of its parent. */
export interface ChildBond {
  /** The names of its logic among the sources, from the root down. */
  readonly srcs: readonly string[]
  readonly token: InvocationToken
  /** Whether its parent hears of every change. */
  readonly syncSnapshot: boolean
}

/** What a parent knows of a child. */
export interface Child {
  readonly id: string
  readonly src: string
  readonly epoch: number
}

export interface Timer {
  readonly number: number
  readonly id: string
  /** Infinity once the machine failed on it: a dead letter holds it. */
  readonly dueAt: number
  readonly event: ActorEvent
  /** Whom the event is for; absent: the actor itself. */
  readonly to?: Address
  /** Trace context of the step that set it. */
  readonly trace?: string
}

/** An activity, ask or `each` that is not finished. */
export interface Invocation {
  readonly id: string
  readonly src: string
  readonly epoch: number
  /** `at` of the entry that started it. */
  readonly startedAt: number
  /** Position of that entry, or of the one that recovered it: whether its attempts are of this process. */
  readonly position: number
  /** No attempt begins, and an ask is given up, after that. */
  readonly deadlineAt: number
  /** One, or one an item of an `each`. */
  readonly tasks: readonly Task[]
  /** Trace context of the step that started it: what its attempts are part of. */
  readonly trace?: string
}

export interface Task {
  readonly input: unknown
  /** The attempt that runs, or runs next; from 1. */
  readonly attempt: number
  readonly state: TaskState
  /** When the next attempt is due, while `waiting`; when one that is `elsewhere` has said nothing for too long. */
  readonly dueAt?: number
  readonly output?: unknown
  readonly error?: ErrorValue
  /** Details of the last heartbeat of a finished attempt. */
  readonly heartbeat?: unknown
  /** Where the attempt runs, when the shard has another owner since it was begun. */
  readonly away?: Whereabouts
  /** When an attempt that is `elsewhere` has taken too long, whatever it says. */
  readonly endsAt?: number
}

/**
 * `ready`: owed, dispatched once that is durable · `started`: the same, for `once`, whose `ready` only asks to begin · `waiting`: for its
 * next attempt · `elsewhere`: worked on by somebody who has its token, and owed by no process · `asked`: the question is sent · `queued`: behind an `each`'s concurrency · `parked`: its result
 * is on its way from a recovery, or came and the machine failed on it (a dead letter holds it) · `done`, `failed`.
 */
export type TaskState =
  | 'ready'
  | 'started'
  | 'waiting'
  | 'elsewhere'
  | 'asked'
  | 'queued'
  | 'parked'
  | 'done'
  | 'failed'

/** A command applied lately: enough to answer the same id again. */
export interface RecentCommand {
  readonly commandId: string
  /** Hash of the payload: the same id with another payload is a conflict. */
  readonly payload: string
  readonly seq: number
  readonly position: number
  readonly at: number
  readonly handled: boolean
  /** Set when the step failed. */
  readonly error?: ErrorValue
  /** For a start: whether it gave birth. */
  readonly created?: boolean
}
