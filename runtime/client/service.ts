/**
 * What a client needs of a runtime, wherever that is: in this process, or behind a socket. What is followed
 * is pushed and may be missed by nobody who also reads the history; what is read comes at the reader's pace.
 */
import type { Address } from '../../actors/address.js'
import type { Clock } from '../../actors/clock.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { PerdureError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import type { ListedActor, ListQuery } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorSnapshot } from '../../actors/logic.js'
import type { QuarantineView } from '../api/api.js'

export interface SeenActor {
  readonly snapshot: ActorSnapshot
  readonly seq: number
  readonly version: string
  /** `at` of the entry, milliseconds since 1970. */
  readonly at: number
  /** The state as its logic wrote it. */
  readonly state: Uint8Array
  /** Where it is looked at, and quarantined. */
  readonly quarantine?: QuarantineView
}

export interface Watch {
  /** Undefined: not born then. @throws PerdureError */
  readonly now: Promise<SeenActor | undefined>
  stop(): void
}

export interface ActorService {
  readonly clock: Clock
  readonly limits: Limits
  readonly types: readonly string[]
  /** A command id nobody had before. */
  mintId(): string
  /** Resolves once the command's commit is durable. @throws PerdureError */
  submit(command: Command): Promise<AppliedCommand>
  /** Answers a named question where the actor is. Absent: it is answered here, over what `see` shows. @throws PerdureError */
  select?(address: Address, selector: string): Promise<unknown>
  /** The actor as last committed when it is asked for, or as it was after entry `atSeq`. @throws LaterEntryError */
  see(address: Address, atSeq?: number): Promise<SeenActor | undefined>
  /**
   * Told of each step committed from now on, in order, none left out; the answer ends it. Whatever `see`, `states`
   * or `submit`, called after it, do not show yet, it is told of: nothing falls between.
   */
  follow(address: Address, listener: (seen: SeenActor) => void): () => void
  /** Follows it as `follow` does, and answers the state from which on: the actor as last committed. */
  watch(address: Address, listener: (seen: SeenActor) => void): Watch
  /** Told of what it publishes from now on, and of what its running activities say on the side. */
  followEvents(address: Address, listener: (event: ActorEvent) => void): () => void
  /** Told once, when the runtime has ended or cannot be reached any more; the answer ends the telling. */
  onEnd(listener: (error: PerdureError) => void): () => void
  /** The states after entry `after`, oldest first, up to the last committed. Holds a page at a time. */
  states(address: Address, after: number): AsyncIterable<SeenActor>
  /** The entries after `after`, the same way. */
  entries(address: Address, after: number): AsyncIterable<JournalEntry>
  /** A page of actors, in address order. */
  list(query: ListQuery): Promise<readonly ListedActor[]>
}
