/**
 * What the compiler does not know: machines with any of it are left to the reference executor.
 */

import type { AnyStateMachine, AnyStateNode } from '../xstate/types.js'
import { isStrangeAction } from './compile-action.js'
import { isStrangeGuard } from './guards.js'
import { historyDefault, initialTarget, isHistory, regionsOf } from './state-tree.js'

interface TransitionParts {
  readonly actions: readonly unknown[]
  readonly guard: unknown
}

/** Why a machine cannot be compiled, naming the place; undefined when it can. */
export function reasonAgainst(machine: AnyStateMachine): string | undefined {
  const nodes = withBelow(machine.root)
  if (new Set(nodes.map(node => node.id)).size < nodes.length) return 'two states have the same id'
  const { actions, guards } = machine.implementations as Record<'actions' | 'guards', Record<string, unknown>>
  for (const [name, action] of Object.entries(actions))
    if (isStrangeAction(action)) return `action '${name}' is XState's own and of an unknown kind`
  for (const [name, guard] of Object.entries(guards))
    if (isStrangeGuard(guard)) return `guard '${name}' is XState's own and of an unknown kind`
  for (const node of nodes) {
    const reason = reasonAgainstState(node)
    if (reason !== undefined) return `state '${node.id}' ${reason}`
  }
  return undefined
}

function reasonAgainstState(node: AnyStateNode): string | undefined {
  // XState reads such a key as no state, or as an id.
  if (node.parent !== undefined && (node.key === '' || node.key.startsWith('#'))) return 'has an unusual key'
  if (isHistory(node) && !hasDefault(node)) return 'is a history state whose default target is not there'
  if (isHistory(node) && entersItself(node, new Set())) return 'is a history state that leads to itself'
  const on = [...(node.transitions as unknown as Map<string, readonly TransitionParts[]>).values()].flat()
  const transitions = [...on, ...((node.always ?? []) as unknown as readonly TransitionParts[])]
  const initial = node.initial.actions as readonly unknown[]
  const actions = [...node.entry, ...node.exit, ...initial, ...transitions.flatMap(({ actions }) => actions)]
  if (actions.some(isStrangeAction)) return "has an action of XState's own of an unknown kind"
  if (transitions.some(({ guard }) => isUnknown(guard))) return 'has a guard of an unknown kind'
  return undefined
}

function isUnknown(guard: unknown): boolean {
  return guard !== undefined && (!guard || isStrangeGuard(guard))
}

/** Whether entering a state by default would come back to it; XState goes round for ever then. */
function entersItself(node: AnyStateNode, path: ReadonlySet<AnyStateNode>): boolean {
  if (path.has(node)) return true
  const inside = new Set(path).add(node)
  return enteredFrom(node).some(next => entersItself(next, inside))
}

function enteredFrom(node: AnyStateNode): readonly AnyStateNode[] {
  if (isHistory(node)) return historyDefault(node)
  if (node.type === 'compound') return [initialTarget(node)]
  return node.type === 'parallel' ? regionsOf(node) : []
}

function hasDefault(node: AnyStateNode): boolean {
  try {
    return historyDefault(node).every(target => target !== undefined)
  } catch {
    return false
  }
}

function withBelow(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states as Record<string, AnyStateNode>).flatMap(withBelow)]
}
