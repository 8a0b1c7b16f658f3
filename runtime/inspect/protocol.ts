/**
 * What is said on the wire: the messages of `@statelyai/inspect` 0.7, one JSON text each. Whoever looks is a
 * WebSocket client and says nothing; the inspected program sends.
 *
 * Ours carry one field more, `perdure`, which others pass over.
 */
import type { Address } from '../../actors/address.js'
import type { ActorEvent } from '../../actors/command.js'
import type { JournalEntry } from '../../actors/commit.js'
import type { ErrorValue } from '../../actors/errors.js'
import type { ActorStatus } from '../../actors/logic.js'

/** The version of the package whose messages these are. */
const PROTOCOL = '0.7.2'

export type Message = ActorMessage | EventMessage | SnapshotMessage

interface Head {
  /** The root actor's session, the same for all below it. */
  readonly rootId: string
  readonly sessionId: string
  /** Milliseconds since 1970, as text. */
  readonly createdAt: string
  readonly id: string
  readonly _version: string
  readonly perdure: Origin
}

/** An actor is there. */
export interface ActorMessage extends Head {
  readonly type: '@xstate.actor'
  readonly name: string
  readonly parentId: string | undefined
  /** A machine's config, as JSON text. */
  readonly definition: string | undefined
  readonly snapshot: ShownSnapshot
}

/** An event came to it. */
export interface EventMessage extends Head {
  readonly type: '@xstate.event'
  readonly sourceId: string | undefined
  readonly event: ActorEvent
}

/** It is in this state now. */
export interface SnapshotMessage extends Head {
  readonly type: '@xstate.snapshot'
  readonly event: ActorEvent
  readonly snapshot: ShownSnapshot
}

export interface ShownSnapshot {
  readonly status: ActorStatus
  readonly value?: unknown
  readonly context?: unknown
  readonly output?: unknown
  readonly error?: unknown
  readonly tags?: readonly string[]
  readonly children?: Readonly<Record<string, { readonly sessionId: string }>>
}

/** Which entry of which actor a message tells of. */
interface Origin {
  readonly address: Address
  readonly kind: 'actor' | 'activity'
  readonly seq: number
  readonly position: number
  readonly version: string
  readonly outcome?: JournalEntry['outcome']
  readonly error?: ErrorValue
  /** Whether it tells of the past, for a viewer that came late. */
  readonly past?: true
  /** Messages that this viewer was too slow for; what this one says is the present. */
  readonly missed?: number
}

/** The fields that all messages about one entry share. */
export function headOf(sessionId: string, rootId: string, at: number, number: number, origin: Origin): Head {
  return {
    rootId,
    sessionId,
    createdAt: String(at),
    id: `${sessionId}:${origin.seq}.${number}`,
    _version: PROTOCOL,
    perdure: origin,
  }
}

/** Whether a text of another program is a message of this protocol. */
export function isMessage(value: unknown): value is { readonly type: string; readonly sessionId: string } {
  if (typeof value !== 'object' || value === null) return false
  const { type, _version, sessionId } = value as Partial<Record<string, unknown>>
  return (
    typeof type === 'string' &&
    type.startsWith('@xstate.') &&
    typeof _version === 'string' &&
    typeof sessionId === 'string'
  )
}
