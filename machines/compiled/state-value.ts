/**
 * The value of a set of active states, as XState derives it.
 *
 * Between the microsteps of one macrostep the set may be illegal for a moment. XState derives a value even then,
 * as if what is missing had been entered by default, and selects transitions by it; so this does too.
 */
import type { AnyStateNode } from '../xstate/types.js'
import { getProperAncestors, initialStates, isAtomic, regionsOf } from './state-tree.js'

export type StateValue = string | { readonly [key: string]: StateValue }

/** Frozen: it is shared by all actors in these states. */
export function stateValueOf(root: AnyStateNode, nodes: readonly AnyStateNode[]): StateValue {
  return valueBelow(root, childrenWithin(completed(nodes)))
}

function valueBelow(node: AnyStateNode, within: ReadonlyMap<AnyStateNode, AnyStateNode[]>): StateValue {
  const children = within.get(node) ?? []
  const [first] = children
  if (node.type === 'compound' && first !== undefined && isAtomic(first)) return first.key
  const value: Record<string, StateValue> = {}
  for (const child of children) value[child.key] = valueBelow(child, within)
  return Object.freeze(value)
}

/** The active children of each active state, in the order they became active. */
function childrenWithin(nodes: Iterable<AnyStateNode>): Map<AnyStateNode, AnyStateNode[]> {
  const within = new Map<AnyStateNode, AnyStateNode[]>()
  const of = (node: AnyStateNode) => {
    const known = within.get(node) ?? []
    within.set(node, known)
    return known
  }
  for (const node of nodes) {
    of(node)
    if (node.parent !== undefined) of(node.parent).push(node)
  }
  return within
}

function completed(nodes: readonly AnyStateNode[]): Set<AnyStateNode> {
  const whole = new Set(nodes)
  const within = childrenWithin(nodes)
  // What is added on the way is looked at too.
  for (const node of whole) {
    if (node.type === 'compound' && (within.get(node) ?? []).length === 0) addInitial(node, whole)
    if (node.type === 'parallel')
      for (const region of regionsOf(node)) if (!whole.has(region)) addInitial(region, whole)
  }
  for (const node of whole) for (const above of getProperAncestors(node)) whole.add(above)
  return whole
}

function addInitial(node: AnyStateNode, whole: Set<AnyStateNode>): void {
  const initial = initialStates(node)
  for (const state of initial) for (const above of getProperAncestors(state, node)) initial.add(above)
  for (const state of initial) whole.add(state)
}
