/**
 * Where commands come from. Embedded: memory, and senders hear after the commit. In a cluster: a stream.
 */
import type { Command } from './command.js'
import type { InboxPosition } from './commit.js'
import type { PerdureError } from './errors.js'
import type { ActorSnapshot } from './logic.js'

/** A command on its way, and whoever waits for what comes of it. */
export interface Delivery {
  readonly command: Command
  /** Its encoded size, for bounds. */
  readonly bytes: number
  /** Where it stands in an inbox that can be read again; the commit that holds it says so. */
  readonly place?: InboxPosition
  /** What is wrong with it, found before any step: it is refused with that. */
  readonly refusal?: PerdureError
  /** Whether nobody hears the answer: refused, it is kept as a dead letter. */
  readonly isUnheard?: boolean
  /** Called once: after the commit that holds the command is durable, or when it was refused. */
  settle(answer: Answer): void
}

export type Answer =
  | { readonly ok: true; readonly applied: AppliedCommand }
  | { readonly ok: true; readonly letter: LetterReceipt }
  | { readonly ok: false; readonly error: PerdureError }

export interface AppliedCommand {
  readonly commandId: string
  readonly position: number
  readonly seq: number
  readonly version: string
  /** `at` of the entry whose state is shown, milliseconds since 1970. */
  readonly at: number
  /** That state as its logic wrote it. */
  readonly state: Uint8Array
  /** How durable its commit is; absent: on the disk of whoever stepped it. */
  readonly durability?: 'disk' | 'replicated'
  /** The id came before; this is what came of it then. */
  readonly duplicate: boolean
  readonly handled: boolean
  readonly created: boolean
  /** The actor's state after the command. */
  readonly snapshot: ActorSnapshot
}

/** A dead letter is taken away; there may be no actor to show. */
export interface LetterReceipt {
  readonly commandId: string
  readonly position: number
  /** Redriven: whether its actor did something on it. Not when it has ended, or waits for it no more. */
  readonly handled: boolean
}

export interface Inbox {
  /** Takes up to `max` deliveries, oldest first. */
  take(max: number): readonly Delivery[]
  readonly size: number
  /** Called whenever something has come in. One listener. */
  onArrival(listener: () => void): void
}
