/**
 * What `defineActor` returns, as types: everything a client infers about an actor hangs on the logic in it.
 */
import type { AnyActorLogic, SnapshotFrom } from 'xstate'
import type { Definition } from '../actors/definition.js'

/** Named questions about a state. `nowMs` is the time they are asked at; they must not read a clock. */
export type Selectors<Logic extends AnyActorLogic> = Record<
  string,
  (snapshot: SnapshotFrom<Logic>, nowMs: number) => unknown
>

/** A definition: hand it to a runtime or a client. */
export interface ActorDefinition<Logic extends AnyActorLogic, Named = Record<never, never>>
  extends Definition {
  /** The behaviour in XState's form: the machine as given; for a store, logic that runs under `createActor`. */
  readonly machine: Logic
  readonly selectors: Named
}

/** Any definition, whatever its types. */
export interface AnyDefinition extends Definition {
  readonly machine: AnyActorLogic
  readonly selectors: Readonly<Record<string, (snapshot: never, nowMs: number) => unknown>>
}
