/**
 * What a shard host is given, and whom it tells.
 */
import type { Address } from '../actors/address.js'
import type { Clock } from '../actors/clock.js'
import type { Command, Whereabouts } from '../actors/command.js'
import type { Inbox } from '../actors/inbox.js'
import type { CommitLog, Journal } from '../actors/journal.js'
import type { Limits } from '../actors/limits.js'
import type { CareTurns } from './commit/care-turns.js'
import type { AttemptOrder } from './dispatch/attempt.js'
import type { Followers } from './dispatch/followers.js'
import type { Observer } from './observe/observer.js'
import type { Bindings } from './step/bindings.js'
import type { Life } from './step/life.js'

export interface ShardHostOptions {
  readonly journal: Journal
  /** Where its commits become durable; it brings them into the journal too. Absent: the journal itself. */
  readonly log?: CommitLog
  readonly inbox: Inbox
  readonly bindings: Bindings
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  readonly followers: Followers
  /** `event`: actors' own times come with their commands, and someone else says when timers are due. */
  readonly time?: 'wall' | 'event'
  /** Told after each commit, last of all. */
  readonly onCommitted?: (committed: Committed) => void
  /** Told of each attempt that begins. */
  readonly onAttempt?: (order: AttemptOrder) => void
  readonly observer?: Observer
  /** Make actors again of their entries now and then, and compare. Absent: never. */
  readonly verify?: VerifyOptions
  /** How many hosts there are in the process now: together they take no more time for that than one. Absent: this one. */
  readonly hosts?: () => number
  /** Whether whoever stepped here before was killed at it: commands are stepped with care. Absent: as the journal says. */
  readonly wasKilled?: boolean
  /** Shared by the shards of one process, which step with care in turns where they must. Absent: it is the only one. */
  readonly turns?: CareTurns
  /** Whether an actor lives in this shard. Absent: all do. */
  readonly isHere?: (address: Address) => boolean
  /** Whether the shard is this member's still: asked before anything leaves. Absent: always. */
  readonly isOurs?: () => boolean
  /** Whether the owner before left in order: what he began and had not ended is away, in the records. */
  readonly isLeftInOrder?: boolean
  /** Whether whoever still runs attempts elsewhere is gone. Absent: always. */
  readonly isGone?: (at: Whereabouts) => boolean
  /** Given the order to count what ran there, to be taken after all that came from there. Absent: taken at once. */
  readonly onGone?: (order: Command) => void
  /** Told what comes, after the host has left, of what goes on here. */
  readonly onLate?: (command: Command) => void
  /** Told once, when the journal failed and the host stopped. */
  readonly onFailed?: (error: Error) => void
}

export interface VerifyOptions {
  /** Let one that differs rest, until a person releases it. Absent: it is told of, and goes on. */
  readonly quarantine?: boolean
}

export interface Committed {
  /** The actors it touched, as they are now. */
  readonly lives: Iterable<Life>
  /** Commands that are still to be stepped. */
  readonly pending: readonly Command[]
}

export interface HostLogger {
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}
