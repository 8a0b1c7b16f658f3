/**
 * `selectTransitions` and `selectEventlessTransitions`: which transitions an event enables in a configuration.
 *
 * For each configuration and event type a program is made once: the states that have a candidate at all, with
 * their candidates in order. Running it only asks guards.
 */
import type { AnyStateNode } from '../xstate/types.js'
import type { CompiledStates } from './compiled-states.js'
import type { GuardScope } from './guards.js'
import { getProperAncestors, isAtomic } from './state-tree.js'
import type { StateValue } from './state-value.js'
import type { Transition } from './transition.js'

/** A state with candidates in or below it. What is enabled below comes before its own. */
export interface Selector {
  readonly below: readonly Selector[]
  readonly own: readonly Transition[]
}

export const none: readonly Transition[] = []

/** The program for events of a type while the states have `value`; undefined: nothing listens. */
export function selectorFor(
  node: AnyStateNode,
  value: StateValue,
  candidatesOf: (node: AnyStateNode) => readonly Transition[],
): Selector | undefined {
  const active = typeof value === 'string' ? [[value, {}] as const] : Object.entries(value)
  const below = active
    .map(([key, inner]) =>
      selectorFor((node.states as Record<string, AnyStateNode>)[key]!, inner, candidatesOf),
    )
    .filter(selector => selector !== undefined)
  const own = candidatesOf(node)
  const [only] = below
  if (own.length === 0 && below.length < 2) return only
  return { below, own }
}

/** A state's transitions for events of `type`: those that name it, then wildcards, the longest first. */
export function candidates(
  on: ReadonlyMap<string, readonly Transition[]>,
  type: string,
): readonly Transition[] {
  const wildcards = [...on.keys()]
    .filter(descriptor => descriptor !== type && matchesWildcard(type, descriptor))
    .sort((one, other) => other.length - one.length)
  return [...(on.get(type) ?? none), ...wildcards.flatMap(descriptor => on.get(descriptor) ?? none)]
}

/** Whether a descriptor matches types that are not written like it: `*`, or `a.b.*` for `a.b` and below. */
export function matchesWildcard(type: string, descriptor: string): boolean {
  if (descriptor === '*') return true
  if (!descriptor.endsWith('.*')) return false
  const prefix = descriptor.slice(0, -2)
  // A `*` within matches nothing.
  if (prefix.split('.').includes('*')) return false
  return type === prefix || type.startsWith(`${prefix}.`)
}

export function selectTransitions(selector: Selector, scope: GuardScope): readonly Transition[] {
  let selected = none
  for (const below of selector.below) {
    const enabled = selectTransitions(below, scope)
    if (enabled.length > 0) selected = selected.length === 0 ? enabled : [...selected, ...enabled]
  }
  if (selected.length > 0) return selected
  for (const candidate of selector.own)
    if (candidate.guard === undefined || passes(candidate, scope)) return candidate.alone
  return none
}

function passes({ guard, guardName, source }: Transition, scope: GuardScope): boolean {
  try {
    return Boolean(guard?.(scope))
  } catch (error) {
    const name = guardName ? `'${guardName}' ` : ''
    // XState's words: a failed step says the same whichever executor took it.
    throw new Error(
      `Unable to evaluate guard ${name}in transition for event '${scope.event.type}' in state node '${source.id}':\n${(error as Error).message}`,
    )
  }
}

/** For each atomic state the eventless transitions of it and of the states above it; atomic states without any left out. */
export function eventlessOf(
  states: CompiledStates,
  nodes: readonly AnyStateNode[],
): readonly (readonly Transition[])[] {
  return nodes
    .filter(isAtomic)
    .map(node => [node, ...getProperAncestors(node)].flatMap(each => states.get(each)!.always))
    .filter(chain => chain.length > 0)
}

export function selectEventlessTransitions(
  chains: readonly (readonly Transition[])[],
  scope: GuardScope,
): readonly Transition[] {
  let selected = none
  for (const chain of chains) {
    const enabled = chain.find(each => each.guard === undefined || each.guard(scope))
    if (enabled === undefined || selected.includes(enabled)) continue
    selected = selected.length === 0 ? enabled.alone : [...selected, enabled]
  }
  return selected
}
