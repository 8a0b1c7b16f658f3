/**
 * XState's insides as far as this room relies on them. Each is pinned by a test in test/machines/xstate-facts;
 * XState's own types keep them private.
 */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate'
import type { ActorEvent } from '../../actors/command.js'

export type { AnyStateMachine, AnyStateNode }

/** All states of a machine by id. */
export function statesById(machine: AnyStateMachine): ReadonlyMap<string, AnyStateNode> {
  return (machine as AnyStateMachine & { idMap: Map<string, AnyStateNode> }).idMap
}

/** A state's own choice of transitions for an event. */
export interface SelectingNode {
  next(snapshot: AnyMachineSnapshot, event: ActorEvent): unknown
}

/** A child as XState makes it during a step: never started, around a stand-in for its logic. */
export interface BornActor {
  readonly id: string
  readonly src: unknown
  readonly logic: object
  readonly options: { readonly input?: unknown; readonly systemId?: string | undefined }
  readonly _syncSnapshot?: boolean
}

/** What XState hands to `actionExecutor`. */
export interface ListedAction {
  readonly type: string
  readonly info: { readonly context: unknown; readonly event: ActorEvent }
  readonly params: unknown
  readonly exec: ((info: unknown, params: unknown) => unknown) | undefined
}

/** A transition XState selected. */
interface SelectedTransition {
  readonly target: unknown
  readonly actions: readonly unknown[]
}

export type InspectionEvent =
  | { readonly type: '@xstate.actor'; readonly actorRef: BornActor }
  | { readonly type: '@xstate.microstep'; readonly _transitions: readonly SelectedTransition[] }

/** A snapshot of ours: the fields that a step settles before anybody else sees it. */
export interface OpenSnapshot {
  readonly machine: AnyStateMachine
  value: unknown
  context: unknown
  status: 'active' | 'done' | 'error' | 'stopped'
  output: unknown
  error: unknown
  tags: ReadonlySet<string>
  children: Record<string, unknown>
  historyValue: Readonly<Record<string, readonly AnyStateNode[]>>
  _nodes: AnyStateNode[]
  /** The actor's own address, once it has children whose references may be anywhere in its context. */
  [home]?: string | undefined
}

export const home: unique symbol = Symbol('perdure.home')
