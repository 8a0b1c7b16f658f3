/**
 * Which states a set of transitions leaves, and which transitions stand in each other's way for it: the
 * procedures of SCXML's algorithm under their own names, with XState's idea of what `reenter` means.
 */
import type { AnyStateNode } from '../xstate/types.js'
import { findLeastCommonAncestor, type HistoryValue, isDescendant } from './state-tree.js'
import { type Arc, getEffectiveTargetStates } from './transition.js'

/**
 * The state within which a transition happens: nothing outside of it is left or entered. Undefined: it is
 * the whole machine, with the root itself.
 */
export function getTransitionDomain(arc: Arc, history: HistoryValue): AnyStateNode | undefined {
  const { source, target, reenter } = arc
  const states = [...getEffectiveTargetStates(target, history)]
  const stays = states.every(state => state === source || isDescendant(state, source))
  if (stays && !reenter) return source
  const ancestor = findLeastCommonAncestor([...states, source])
  if (ancestor !== undefined) return ancestor
  return reenter ? undefined : source.machine.root
}

export function computeExitSet(
  arcs: readonly Arc[],
  active: Iterable<AnyStateNode>,
  history: HistoryValue,
): Set<AnyStateNode> {
  const left = new Set<AnyStateNode>()
  for (const arc of arcs) {
    if (arc.target === undefined || arc.target.length === 0) continue
    const domain = getTransitionDomain(arc, history)
    if (arc.reenter && domain !== undefined && arc.source === domain) left.add(domain)
    for (const state of active) if (isDescendant(state, domain)) left.add(state)
  }
  return left
}

/**
 * Of transitions that would leave the same state the one from further inside is taken, else the first.
 */
export function removeConflictingTransitions<Some extends Arc>(
  enabled: readonly Some[],
  active: readonly AnyStateNode[],
  history: HistoryValue,
): Some[] {
  if (enabled.length < 2) return [...enabled]
  const exits = new Map(enabled.map(one => [one, computeExitSet([one], active, history)]))
  const filtered = new Set<Some>()
  for (const one of enabled) {
    const rivals = [...filtered].filter(other => meet(exits.get(one)!, exits.get(other)!))
    if (rivals.some(rival => !isDescendant(one.source, rival.source))) continue
    for (const rival of rivals) filtered.delete(rival)
    filtered.add(one)
  }
  return [...filtered]
}

function meet(one: ReadonlySet<AnyStateNode>, other: ReadonlySet<AnyStateNode>): boolean {
  for (const state of one) if (other.has(state)) return true
  return false
}
