/**
 * What a client needs of a runtime, wherever that is: in this process now, elsewhere later.
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

export interface SeenActor {
  readonly snapshot: ActorSnapshot
  readonly seq: number
  readonly version: string
}

export interface ActorService {
  readonly clock: Clock
  readonly limits: Limits
  readonly types: readonly string[]
  /** A command id nobody had before. */
  mintId(): string
  /** Resolves once the command's commit is durable. @throws PerdureError */
  submit(command: Command): Promise<AppliedCommand>
  /** The actor as last committed, or as it was after entry `atSeq`. */
  see(address: Address, atSeq?: number): SeenActor | undefined
  /** Told of each step committed from now on; the answer ends it. */
  follow(address: Address, listener: (seen: SeenActor) => void): () => void
  /** Told of what it publishes from now on, and of what its running activities say on the side. */
  followEvents(address: Address, listener: (event: ActorEvent) => void): () => void
  /** Told once, when the runtime has ended; the answer ends the telling. */
  onEnd(listener: (error: PerdureError) => void): () => void
  /** The states after entry `after`, oldest first. */
  states(address: Address, after: number): Iterable<SeenActor>
  entries(address: Address, after: number): Iterable<JournalEntry>
  list(query: ListQuery): readonly ListedActor[]
}
