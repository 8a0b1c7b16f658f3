/**
 * Guards as functions of context, event and configuration: inline, by name, and XState's `and`, `or`, `not`,
 * `stateIn`. Each asks what XState would ask, in the same order, with the same arguments.
 */
import { and, matchesState, not, or, type StateValue, stateIn } from 'xstate'
import type { ActorEvent } from '../../actors/command.js'
import type { AnyStateMachine } from '../xstate/types.js'
import type { ActiveStates } from './state-tree.js'

/** What a guard is judged by. */
export interface GuardScope {
  readonly context: unknown
  readonly event: ActorEvent
  readonly configuration: ActiveStates
}

/** Answers whatever the user's function does; it counts as true or false. */
export type Guard = (scope: GuardScope) => unknown

type UserGuard = (
  given: { readonly context: unknown; readonly event: ActorEvent },
  params: unknown,
) => unknown

/** A guard of XState's own: a function that carries what it was made from. */
interface BuiltinGuard {
  readonly check: unknown
  readonly guards: readonly unknown[]
  readonly stateValue: unknown
}

const [first] = [() => true]
const known = new Map<unknown, (machine: AnyStateMachine, builtin: BuiltinGuard) => Guard>([
  [checkOf(and([first!])), allOf],
  [checkOf(or([first!])), anyOf],
  [checkOf(not(first!)), noneOf],
  [checkOf(stateIn('a')), inState],
])

function checkOf(guard: unknown): unknown {
  return (guard as BuiltinGuard).check
}

/** Whether a guard's implementation is XState's own and of a kind unknown here. */
export function isStrangeGuard(guard: unknown): boolean {
  return typeof guard === 'function' && 'check' in guard && !known.has(guard.check)
}

export function compileGuard(machine: AnyStateMachine, guard: unknown): Guard {
  if (typeof guard === 'function') return implemented(machine, guard as UserGuard, undefined)
  const name = guardName(guard) as string
  let found: Guard | undefined
  // Looked up when it is asked: names may stand for each other.
  return scope => {
    found ??= named(machine, name, paramsOf(guard))
    return found(scope)
  }
}

export function guardName(guard: unknown): string | undefined {
  if (typeof guard === 'string') return guard
  return typeof guard === 'object' && guard !== null ? (guard as { type: string }).type : undefined
}

type Params = ((given: { context: unknown; event: ActorEvent }) => unknown) | undefined

function paramsOf(guard: unknown): Params {
  if (typeof guard !== 'object' || guard === null || !('params' in guard)) return undefined
  const { params } = guard
  return typeof params === 'function' ? (params as Params) : () => params
}

function named(machine: AnyStateMachine, name: string, params: Params): Guard {
  const found = (machine.implementations.guards as Record<string, unknown>)[name]
  if (found === undefined || found === null)
    // XState's words: a failed step says the same whichever executor took it.
    return () => {
      throw new Error(`Guard '${name}' is not implemented.'.`)
    }
  if (typeof found !== 'function') return compileGuard(machine, found)
  return implemented(machine, found as UserGuard, params)
}

function implemented(machine: AnyStateMachine, guard: UserGuard, params: Params): Guard {
  const builtin = 'check' in guard ? known.get(guard.check) : undefined
  if (builtin === undefined)
    return ({ context, event }) =>
      guard({ context, event }, params === undefined ? undefined : params({ context, event }))
  const check = builtin(machine, guard as unknown as BuiltinGuard)
  if (params === undefined) return check
  return scope => {
    params({ context: scope.context, event: scope.event })
    return check(scope)
  }
}

function allOf(machine: AnyStateMachine, { guards }: BuiltinGuard): Guard {
  const each = guards.map(guard => compileGuard(machine, guard))
  return scope => each.every(guard => guard(scope))
}

function anyOf(machine: AnyStateMachine, { guards }: BuiltinGuard): Guard {
  const each = guards.map(guard => compileGuard(machine, guard))
  return scope => each.some(guard => guard(scope))
}

function noneOf(machine: AnyStateMachine, { guards }: BuiltinGuard): Guard {
  const guard = compileGuard(machine, guards[0])
  return scope => !guard(scope)
}

function inState(machine: AnyStateMachine, { stateValue }: BuiltinGuard): Guard {
  if (typeof stateValue !== 'string' || !stateValue.startsWith('#'))
    return ({ configuration }) => matchesState(stateValue as StateValue, configuration.value as StateValue)
  return ({ configuration }) => configuration.nodes.includes(machine.getStateNodeById(stateValue))
}
