/**
 * The set of active states of a snapshot: legal, in document order, with its value and tags.
 *
 * XState keeps active nodes in the order they were entered and takes simultaneous transitions in that order,
 * but does not persist it. Putting them in document order after each macrostep makes a live actor and a
 * restored one the same. It also can reach an illegal set (a parallel state's history child, first entered
 * from inside that state; a history state that is another's target): that is refused here rather than stored.
 */
import type { AnyStateNode, OpenSnapshot } from './types.js'

/**
 * Brings nodes, value and tags of a fresh snapshot into their settled form.
 * @throws Error when the active states are no legal configuration.
 */
export function settleConfiguration(snapshot: OpenSnapshot): void {
  const nodes = snapshot._nodes
  nodes.sort((one, other) => one.order - other.order)
  const { root } = snapshot.machine
  assertLegalConfiguration(root, nodes)
  snapshot.value = stateValue(root, new Set(nodes))
  snapshot.tags = new Set(nodes.flatMap(node => node.tags))
}

/** @throws Error naming the first state that makes them no legal configuration. */
export function assertLegalConfiguration(root: AnyStateNode, nodes: readonly AnyStateNode[]): void {
  const active = new Set(nodes)
  if (!active.has(root)) refuse(root, 'is not active')
  for (const node of nodes) assertLegal(node, active)
}

function assertLegal(node: AnyStateNode, active: ReadonlySet<AnyStateNode>): void {
  if (node.parent !== undefined && !active.has(node.parent)) refuse(node, 'is active without its parent')
  if (node.type === 'history') refuse(node, 'is a history state and active')
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
    `machine '${node.machine.id}' reached an illegal configuration: state '${node.id}' ${problem}. XState does so when a parallel state's history child is entered for the first time from inside that state, or another history state has it as its target: give the history state a target that is a state, or enter it from outside`,
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
