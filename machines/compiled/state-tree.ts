/**
 * Questions about the tree of states, asked while plans are made and never while a plan runs.
 */
import type { AnyStateNode } from '../xstate/types.js'

/** The active states, in the order they became active, and the value they make. */
export interface ActiveStates {
  readonly nodes: readonly AnyStateNode[]
  readonly value: unknown
}

/** What each history state recalls, by its id. */
export type HistoryValue = Readonly<Record<string, readonly AnyStateNode[]>>

export function isHistory(node: AnyStateNode): boolean {
  return node.type === 'history'
}

export function isAtomic(node: AnyStateNode): boolean {
  return node.type === 'atomic' || node.type === 'final'
}

/** All child states, history states among them, in the order of the config. */
export function childrenOf(node: AnyStateNode): readonly AnyStateNode[] {
  return Object.values(node.states as Record<string, AnyStateNode>)
}

/** The child states that can be active. */
export function regionsOf(node: AnyStateNode): readonly AnyStateNode[] {
  return childrenOf(node).filter(child => !isHistory(child))
}

/** Whether `node` is somewhere below `ancestor`; every state is below undefined, which stands above the root. */
export function isDescendant(node: AnyStateNode, ancestor: AnyStateNode | undefined): boolean {
  if (ancestor === undefined) return true
  for (let above = node.parent; above !== undefined; above = above.parent) if (above === ancestor) return true
  return false
}

/** The states above `node`, from the inside out, up to and without `end`. */
export function getProperAncestors(node: AnyStateNode, end?: AnyStateNode): AnyStateNode[] {
  const ancestors: AnyStateNode[] = []
  if (node === end) return ancestors
  for (let above = node.parent; above !== undefined && above !== end; above = above.parent)
    ancestors.push(above)
  return ancestors
}

/** The innermost state that has all of `nodes` below it; undefined when one of them is the root. */
export function findLeastCommonAncestor(nodes: readonly AnyStateNode[]): AnyStateNode | undefined {
  const [first, ...others] = nodes
  if (first === undefined) return undefined
  return getProperAncestors(first).find(above => others.every(other => isDescendant(other, above)))
}

/** Whether a state counts as finished: a final child, or every region finished. */
export function isInFinalState(node: AnyStateNode, active: ReadonlySet<AnyStateNode>): boolean {
  switch (node.type) {
    case 'compound':
      return regionsOf(node).some(child => child.type === 'final' && active.has(child))
    case 'parallel':
      return regionsOf(node).every(region => isInFinalState(region, active))
    default:
      return node.type === 'final'
  }
}

/** The state and what becomes active with it when nothing says otherwise, from the outside in. */
export function initialStates(node: AnyStateNode): Set<AnyStateNode> {
  const found = new Set<AnyStateNode>()
  const visit = (state: AnyStateNode) => {
    if (found.has(state)) return
    found.add(state)
    if (state.type === 'compound') visit(initialTarget(state))
    else if (state.type === 'parallel') regionsOf(state).forEach(visit)
  }
  visit(node)
  return found
}

export function initialTarget(node: AnyStateNode): AnyStateNode {
  return (node.initial.target as readonly AnyStateNode[])[0] as AnyStateNode
}

/** Where a history state leads before it recalls anything. */
export function historyDefault(node: AnyStateNode): readonly AnyStateNode[] {
  const parent = node.parent as AnyStateNode
  const targets = historyTargets(node)
  if (targets !== undefined) return targets.map(target => resolvedBelow(parent, target))
  return parent.type === 'parallel' ? [parent] : [initialTarget(parent)]
}

/** Whether that is its parent's initial transition, whose actions then run. */
export function recallsByInitial(node: AnyStateNode): boolean {
  return historyTargets(node) === undefined && node.parent?.type !== 'parallel'
}

function historyTargets(node: AnyStateNode): readonly (string | AnyStateNode)[] | undefined {
  const { target } = node.config as { target?: string | readonly string[] }
  if (target === undefined || target === '') return undefined
  return typeof target === 'string' ? [target] : target
}

/** @throws Error when there is no such state. */
function resolvedBelow(parent: AnyStateNode, target: string | AnyStateNode): AnyStateNode {
  if (typeof target !== 'string') return target
  if (target.startsWith('#')) return parent.machine.getStateNodeById(target)
  let node = parent
  for (const key of keysOf(target)) {
    const child = (node.states as Record<string, AnyStateNode>)[key]
    if (child === undefined) throw new Error(`Child state '${key}' does not exist on '${node.id}'`)
    node = child
  }
  return node
}

/** The keys of a path: `a.b`, where `\.` is a dot within a key. */
function keysOf(path: string): string[] {
  return [...path.matchAll(/(?:\\.|[^.\\])+/gs)].map(([key]) => key.replace(/\\(.)/gs, '$1'))
}
