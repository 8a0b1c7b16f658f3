/**
 * A transition as the executor wants it: targets are states, guard and actions are functions.
 */
import type { AnyStateNode } from '../xstate/types.js'
import type { Guard } from './guards.js'
import type { Op } from './running-step.js'
import type { HistoryValue } from './state-tree.js'
import { historyDefault, isHistory } from './state-tree.js'

/** Where a transition goes: what the sets of states to leave and to enter are made from. */
export interface Arc {
  readonly source: AnyStateNode
  /** Undefined: it stays. */
  readonly target: readonly AnyStateNode[] | undefined
  readonly reenter: boolean
}

export interface Transition extends Arc {
  /** Its number within the machine, by which plans are found. */
  readonly number: number
  /** Undefined: always enabled. */
  readonly guard: Guard | undefined
  /** The guard's name, for messages. */
  readonly guardName: string | undefined
  readonly ops: readonly Op[]
  /** Whether it has a target or actions: one without either forbids an event. */
  readonly does: boolean
  /** Whether where it leads may depend on what a history state recalls. */
  readonly recalls: boolean
  /** Just this one, as a selection. */
  readonly alone: readonly Transition[]
}

/** The targets, each history state replaced by what it recalls. */
export function getEffectiveTargetStates(
  target: readonly AnyStateNode[] | undefined,
  history: HistoryValue,
): Set<AnyStateNode> {
  const states = new Set<AnyStateNode>()
  for (const state of target ?? []) {
    if (!isHistory(state)) states.add(state)
    else
      for (const recalled of history[state.id] ?? getEffectiveTargetStates(historyDefault(state), history))
        states.add(recalled)
  }
  return states
}
