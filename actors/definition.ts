/**
 * A definition as the engine sees it: a logic with a name, a version and policies. `defineActor` makes it.
 */
import type { ActorEvent } from './command.js'
import type { ActorLogic, ActorSnapshot } from './logic.js'

/** The key under which a public definition carries its behaviour. */
export const behaviour: unique symbol = Symbol.for('perdure.behaviour')

export interface Behaviour {
  readonly type: string
  /** What it was made of. */
  readonly kind: 'machine' | 'store'
  /** As given, or the fingerprint. */
  readonly version: string
  /** Whether the version was given; without it the fingerprint is the version. */
  readonly versioned: boolean
  /** Hash of the definition's structure. */
  readonly fingerprint: string
  /** Hash of structure and functions' sources: what changed code changes. */
  readonly sources: string
  readonly logic: ActorLogic
  /** What steps its machine; absent for what is no machine. */
  readonly executor?: Executor
  /** Input for an actor that is sent to before it was started; absent: such a send is refused. */
  readonly create?: (key: string) => unknown
  /** Named questions that other actors and clients may ask of a state. */
  readonly selectors: Readonly<Record<string, (snapshot: ActorSnapshot, nowMs: number) => unknown>>
  /** Older versions whose actors are still alive. */
  readonly previous: readonly Behaviour[]
  readonly unhandled: 'ignore' | 'refuse'
  readonly snapshotEvery: number
  /** How long a finished actor is kept after its end; undefined: for good. */
  readonly retainMs?: number
  /** Says what is wrong with an input or an event, or undefined. Runs at the door, not in a step. */
  checkInput(input: unknown): Promise<string | undefined> | string | undefined
  checkEvent(event: ActorEvent): Promise<string | undefined> | string | undefined
}

/** How a machine is stepped: by plans compiled from it, or by XState itself and why. */
export type Executor = { readonly kind: 'compiled' } | { readonly kind: 'reference'; readonly reason: string }

/** What `defineActor` returns, without its types. */
export interface Definition {
  readonly type: string
  readonly version: string
  readonly [behaviour]: Behaviour
}
