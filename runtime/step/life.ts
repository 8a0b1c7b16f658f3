/**
 * An actor in memory: its record and, beside the encoded state, the state itself and the logic that steps
 * it. A life is never changed; applying a command makes another.
 */
import { encode } from '../../actors/codec.js'
import type { Behaviour } from '../../actors/definition.js'
import type { ActorLogic, ActorSnapshot } from '../../actors/logic.js'
import type { ActorRecord } from '../../actors/record.js'

export interface Life {
  readonly record: ActorRecord
  readonly state: unknown
  readonly binding: Binding
  /** Bytes of its record, or a little more: it is measured only when it may be too large. */
  readonly weight: number
}

/** Which code an actor runs: its root's definition and, for a child, the logic found below it. */
export interface Binding {
  readonly behaviour: Behaviour
  readonly logic: ActorLogic
}

/** A life from its record. Runs no user code. */
export function revive(record: ActorRecord, binding: Binding): Life {
  return { record, state: binding.logic.decode(record.state), binding, weight: weightOf(record) }
}

/** The state as people see it: an actor that was ended from outside is no longer what its logic says. */
export function snapshotOf({ record, state, binding }: Life): ActorSnapshot {
  const snapshot = binding.logic.snapshot(state)
  if (snapshot.status === record.status) return snapshot
  return Object.create(snapshot, { status: { value: record.status, enumerable: true } })
}

/** Bytes of what may be large in a record: the state, what timers and invocations hold, what is held back. */
export function weightOf(
  record: Pick<ActorRecord, 'state' | 'timers' | 'invocations' | 'quarantine'>,
): number {
  const { state, timers, invocations, quarantine } = record
  if (quarantine !== undefined) return state.length + encode([timers, invocations, quarantine]).length
  if (timers.length === 0 && invocations.length === 0) return state.length
  return state.length + encode([timers, invocations]).length
}
