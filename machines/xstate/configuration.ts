/**
 * The set of active states of a snapshot: legal, in document order, with its value and tags.
 *
 * XState keeps active nodes in the order they were entered and takes simultaneous transitions in that order,
 * but does not persist it. Putting them in document order after each macrostep makes a live actor and a
 * restored one the same. It also can reach an illegal set (a parallel state's history child, first entered
 * from inside that state): that is refused here rather than stored.
 */
import type { AnyStateNode, OpenSnapshot } from './types.js'

/**
 * Brings nodes, value and tags of a fresh snapshot into their settled form.
 * @throws Error when the active states are no legal configuration.
 */
export function settleConfiguration(snapshot: OpenSnapshot): void {
  const nodes = snapshot._nodes
  nodes.sort((one, other) => one.order - other.order)
  const active = new Set(nodes)
  for (const node of nodes) assertLegal(node, active)
  const root = nodes[0] as AnyStateNode
  snapshot.value = stateValue(root, active)
  snapshot.tags = new Set(nodes.flatMap(node => node.tags))
}

function assertLegal(node: AnyStateNode, active: ReadonlySet<AnyStateNode>): void {
  if (node.parent !== undefined && !active.has(node.parent)) refuse(node, 'is active without its parent')
  if (node.type !== 'compound' && node.type !== 'parallel') return
  const regions = Object.values(node.states as Record<string, AnyStateNode>).filter(
    state => state.type !== 'history',
  )
  const count = regions.filter(state => active.has(state)).length
  const expected = node.type === 'compound' ? 1 : regions.length
  if (count !== expected)
    refuse(node, `has ${count} active child states where ${expected} must be active (${node.type})`)
}

function refuse(node: AnyStateNode, problem: string): never {
  throw new Error(
    `machine '${node.machine.id}' reached an illegal configuration: state '${node.id}' ${problem}. XState does so when a parallel state's history child is entered for the first time from inside that state: give the history state a target, or enter it from outside`,
  )
}

function stateValue(node: AnyStateNode, active: ReadonlySet<AnyStateNode>): unknown {
  const states = Object.values(node.states as Record<string, AnyStateNode>)
  const inside = states.filter(state => active.has(state))
  const [only] = inside
  if (node.type === 'compound' && only !== undefined && isLeaf(only)) return only.key
  return Object.fromEntries(inside.map(state => [state.key, stateValue(state, active)]))
}

function isLeaf(node: AnyStateNode): boolean {
  return node.type === 'atomic' || node.type === 'final'
}
