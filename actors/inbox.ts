/**
 * Where commands come from. Embedded: memory, and senders hear after the commit. In a cluster: a stream.
 */
import type { Command } from './command.js'
import type { PerdureError } from './errors.js'
import type { ActorSnapshot } from './logic.js'

/** A command on its way, and whoever waits for what comes of it. */
export interface Delivery {
  readonly command: Command
  /** Its encoded size, for bounds. */
  readonly bytes: number
  /** Called once: after the commit that holds the command is durable, or when it was refused. */
  settle(answer: Answer): void
}

export type Answer =
  | { readonly ok: true; readonly applied: AppliedCommand }
  | { readonly ok: false; readonly error: PerdureError }

export interface AppliedCommand {
  readonly commandId: string
  readonly position: number
  readonly seq: number
  readonly version: string
  /** The id came before; this is what came of it then. */
  readonly duplicate: boolean
  readonly handled: boolean
  readonly created: boolean
  /** The actor's state after the command. */
  readonly snapshot: ActorSnapshot
}

export interface Inbox {
  /** Takes up to `max` deliveries, oldest first. */
  take(max: number): readonly Delivery[]
  readonly size: number
  /** Called whenever something has come in. One listener. */
  onArrival(listener: () => void): void
}
