/**
 * The one value that says what to make durable, then what to let out. A commit is all that a batch of
 * steps made in one shard. It becomes durable whole or not at all; until then nothing in it has happened.
 *
 * What may leave once it is durable, in this order: answers to those who sent the commands, events
 * published, custom actions, attempts of activities that the records owe.
 */
import type { Address } from './address.js'
import type { ActorEvent, Command } from './command.js'
import type { ErrorValue } from './errors.js'
import type { ActorRecord } from './record.js'

export interface Commit {
  /** Position of its first entry: one more than the last of the commit before. */
  readonly first: number
  /** Milliseconds since 1970, for people; no decision rests on it. */
  readonly at: number
  /** The commands applied, in order: positions `first`, `first + 1`, … */
  readonly entries: readonly JournalEntry[]
  /** Each touched actor as it is after the batch, once. */
  readonly records: readonly RecordChange[]
  /** Commands that actors sent and no batch has stepped yet: all of them, not only new ones. Replaces the list of the commit before. */
  readonly pending: readonly Command[]
  readonly published: readonly PublishedEvent[]
  readonly deadLetters: readonly DeadLetter[]
  /** Letters of earlier commits that are taken away. */
  readonly settledLetters: readonly SettledLetter[]
  /** Commands to actors of other shards: they leave with the commit itself, in this order. Absent: none. */
  readonly sent?: readonly Command[]
  /** How far it has read each inbox that can be read again; those it did not read are left out. Absent: none. */
  readonly taken?: readonly InboxPosition[]
  /** What was lost with processes that ended, and is not counted in records yet: all of it. Absent: as the commit before said. */
  readonly losses?: readonly Loss[]
}

/**
 * A process ended, and the attempts it had begun are lost: of each actor up to an address, every one of an
 * invocation that was begun or recovered at or before a position counts, once for each loss.
 */
export interface Loss {
  readonly until: number
  /** The last actor it is about, in address order. What one after it owed has not begun since. */
  readonly to: Address
}

/** One applied command and what came of it. Immutable; with the actor's birth and the entries before, enough to make the actor again. */
export interface JournalEntry {
  readonly address: Address
  readonly seq: number
  readonly position: number
  /** When the owner applied it, milliseconds since 1970; never smaller than the actor's entry before. */
  readonly at: number
  readonly command: Command
  /** `held`: not stepped, for the actor is quarantined; the same command has another entry once it is released. */
  readonly outcome: 'applied' | 'unhandled' | 'failed' | 'held'
  readonly error?: ErrorValue
  /** The state's value after it, where that changed: what a person follows. */
  readonly value?: unknown
  /** Hash of the canonical state and effects after it; on a sample of entries. */
  readonly digest?: string
}

export interface RecordChange {
  readonly record: ActorRecord
  /** The indexes on it. */
  readonly index: RecordIndex
  /** Keep this record as a persisted snapshot too. */
  readonly persistSnapshot: boolean
}

/** What is asked of records without opening them. */
export interface RecordIndex {
  readonly value: unknown
  readonly tags: readonly string[]
  /** The earliest thing the actor waits for, in its own time (timers); undefined for none. */
  readonly timerDueAt?: number
  /** The same for what the engine waits for in wall time (retries, deadlines). */
  readonly retryDueAt?: number
  /** Whether it has attempts to dispatch or answers to wait for. */
  readonly owes: boolean
  /** While it is quarantined, when nothing of it is due. */
  readonly quarantined?: true
}

export interface PublishedEvent {
  readonly address: Address
  readonly seq: number
  readonly position: number
  readonly at: number
  readonly event: ActorEvent
}

/** A command that will never be applied, and why. Kept until someone retries or drops it. */
export interface DeadLetter {
  readonly position: number
  readonly at: number
  readonly command: Command
  readonly error: ErrorValue
}

/** A place in an inbox that can be read again: what comes after it has not been stepped. */
export interface InboxPosition {
  /** Which of a shard's inboxes. */
  readonly inbox: 'commands' | 'sends'
  /** The stream's number of the last message read; from 1. 0: none, whatever was read of a stream before it. */
  readonly sequence: number
  /** Hash of that message, to know the stream by. */
  readonly hash: string
  /** How many of its commands were taken, where it holds several and not all were; it is read again from there. Absent: all. */
  readonly index?: number
}

/** What became of a dead letter. */
export interface SettledLetter {
  readonly id: string
  readonly how: 'redriven' | 'dropped'
  readonly reason?: string
}
