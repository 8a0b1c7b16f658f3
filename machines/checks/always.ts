/**
 * Eventless transitions that would be taken for ever: a cycle in which none asks a guard. Only what is certain
 * is refused; the rest is bounded by `microstepsMax` when it runs.
 */
import type { AnyStateMachine, AnyStateNode } from '../xstate/types.js'
import { isBuiltin, placeOf, statesOf, type TransitionPart } from './machine-parts.js'
import type { Problems } from './problems.js'

export function checkAlways(machine: AnyStateMachine, problems: Problems): void {
  const settled = new Set<AnyStateNode>()
  for (const leaf of statesOf(machine).filter(isLeaf)) {
    const path: AnyStateNode[] = []
    let at: AnyStateNode | undefined = leaf
    while (at !== undefined && !settled.has(at)) {
      if (path.includes(at)) {
        report(path.slice(path.indexOf(at)), problems)
        break
      }
      path.push(at)
      at = next(at)
    }
    for (const each of path) settled.add(each)
  }
}

/** Where a machine in this state certainly goes on to without an event. */
function next(leaf: AnyStateNode): AnyStateNode | undefined {
  // The machine is done.
  if (leaf.type === 'final' && leaf.parent === leaf.machine.root) return undefined
  for (let node: AnyStateNode | undefined = leaf; node !== undefined; node = node.parent) {
    const [first] = (node.always ?? []) as unknown as readonly TransitionPart[]
    if (first === undefined) continue
    if (first.guard !== undefined) return undefined
    if (first.target === undefined) return first.actions.some(changesState) ? leaf : undefined
    const [target] = first.target
    return first.target.length === 1 && target !== undefined ? entered(target) : undefined
  }
  return undefined
}

/** The one innermost state that entering a state leads to; undefined when there are several or it depends. */
function entered(node: AnyStateNode): AnyStateNode | undefined {
  if (isLeaf(node)) return node
  const [initial] = node.type === 'compound' ? (node.initial.target as readonly AnyStateNode[]) : []
  return initial === undefined ? undefined : entered(initial)
}

function isLeaf(node: AnyStateNode): boolean {
  return node.type === 'atomic' || node.type === 'final'
}

function changesState(action: unknown): boolean {
  return isBuiltin(action) && action.type === 'xstate.assign'
}

function report(cycle: readonly AnyStateNode[], problems: Problems): void {
  const [first] = cycle
  const way = [...cycle, first].map(node => `'${node?.id}'`).join(' → ')
  problems.add(placeOf(first as AnyStateNode), `has an always without a guard that never settles: ${way}`)
}
