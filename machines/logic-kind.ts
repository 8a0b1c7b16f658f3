/**
 * What kind of XState logic an object is. XState's creators leave no mark, so it is found by what the logic
 * does with the events XState itself would give it; none of the user's code runs.
 */
import { type AnyStateMachine, StateMachine } from 'xstate'

export type LogicKind = 'machine' | 'promise' | 'callback' | 'observable' | 'transition' | 'unknown'

/** XState's logic with its shape only. */
export interface LogicShape {
  readonly config?: unknown
  transition(state: unknown, event: { type: string; data?: unknown }, scope: unknown): unknown
  getInitialSnapshot(scope: unknown, input: unknown): unknown
  readonly start?: unknown
}

export function isMachine(logic: unknown): logic is AnyStateMachine {
  return logic instanceof StateMachine
}

export function kindOf(logic: unknown): LogicKind {
  if (isMachine(logic)) return 'machine'
  if (!isLogic(logic) || typeof logic.config !== 'function') return 'unknown'
  if (logic.start === undefined) return 'transition'
  if (statusAfter(logic, 'xstate.promise.resolve') === 'done') return 'promise'
  if (statusAfter(logic, 'xstate.observable.complete') === 'done') return 'observable'
  return 'callback'
}

function isLogic(logic: unknown): logic is LogicShape {
  if (typeof logic !== 'object' || logic === null) return false
  const { transition, getInitialSnapshot } = logic as LogicShape
  return typeof transition === 'function' && typeof getInitialSnapshot === 'function'
}

function statusAfter(logic: LogicShape, type: string): unknown {
  try {
    const state = { status: 'active', output: undefined, error: undefined, input: undefined }
    return (logic.transition(state, { type, data: undefined }, { self: {} }) as { status: unknown }).status
  } catch {
    return undefined
  }
}
