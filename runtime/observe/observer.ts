/**
 * The port through which the engine is looked at while it works. It is asked for nothing and decides nothing:
 * the one thing it may add is the trace context a command goes on with. Without an observer the engine reads
 * no clock for it, allocates nothing for it and stores nothing of it.
 *
 * Invariant: what is told of a batch counts only once that batch is `committed`; before, nothing has happened.
 */
import type { Command, Outcome } from '../../actors/command.js'
import type { Commit } from '../../actors/commit.js'
import type { AttemptOrder } from '../dispatch/attempt.js'
import type { Application } from '../step/application.js'
import type { Life } from '../step/life.js'
import type { Difference } from '../verify.js'

export interface Observer {
  /** A batch begins. Of one that is neither `committed` nor `lost` the process ended. */
  batch(): BatchObserver
  /** An attempt begins. */
  attempt(order: AttemptOrder): AttemptObserver
  /** An actor was made again of so many entries; `difference`: the first there is of it. */
  verified?(entries: number, difference: Difference | undefined): void
}

export interface BatchObserver {
  /** A command is about to be stepped. Answers it as it is to be stepped and written down. */
  stepping(command: Command, before: Life | undefined): Command
  /** What came of it; also of a birth that a message brought about, which was not announced. */
  stepped(command: Command, application: Application): void
  /** No more to step for now; `resumed` says when there is. */
  paused(): void
  resumed(): void
  /** All of the batch is stepped; what follows is the commit. */
  committing(): void
  /** It is durable. Without a commit nothing had to be; `bytes`: what the batch gathered, or a little more. */
  committed(commit: Commit | undefined, bytes: number): void
  /** It will never be durable: what was stepped came to nothing, and may be stepped again in another batch. */
  lost(reason: string): void
}

export interface AttemptObserver {
  /** The trace context that its result goes on with. */
  readonly trace: string | undefined
  /** Calls the activity's function within the attempt's context. */
  within<Result>(call: () => Result): Result
  /** It is over, once. `cancelled`: nobody waits for its outcome. */
  ended(outcome: Outcome | 'cancelled'): void
}
