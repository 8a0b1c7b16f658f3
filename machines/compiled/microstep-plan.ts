/**
 * The microstep, planned: what leaving, taking and entering comes to for certain transitions in a
 * configuration. Nothing of an actor goes into a plan but what its history states recall.
 */
import type { AnyStateNode } from '../xstate/types.js'
import type { CompiledStates } from './compiled-states.js'
import type { Configuration, MicrostepPlan } from './configuration.js'
import { computeEntrySet } from './entry-set.js'
import { computeExitSet, removeConflictingTransitions } from './exit-set.js'
import { beginInvoking, endInvoking, finishMachine, raiseDoneState } from './final-states.js'
import type { Op } from './running-step.js'
import {
  childrenOf,
  type HistoryValue,
  isAtomic,
  isDescendant,
  isHistory,
  isInFinalState,
} from './state-tree.js'
import type { Arc, Transition } from './transition.js'

/** What a plan is made from: a machine's states, and where to find the configuration of a set of them. */
export interface Planner {
  readonly root: AnyStateNode
  readonly states: CompiledStates
  configurationOf(nodes: readonly AnyStateNode[]): Configuration
}

export function microstep(
  planner: Planner,
  from: Configuration,
  selected: readonly Transition[],
  history: HistoryValue,
): MicrostepPlan {
  const transitions = removeConflictingTransitions(selected, from.nodes, history)
  const active = new Set(from.nodes)
  const ops: Op[] = []
  const recorded = exitStates(planner, transitions, active, history, ops)
  for (const transition of transitions) ops.push(...transition.ops)
  const done = enterStates(planner, transitions, active, { ...history, ...recorded }, ops)
  const does = selected.some(each => each.does)
  return { ops, recorded, next: nextOf(planner, from, active, done, recorded, ops), does }
}

/** The first microstep of an actor: it enters the root. */
export function initialMicrostep(
  planner: Planner,
  from: Configuration,
  initial: ReadonlySet<AnyStateNode>,
): MicrostepPlan {
  const { root } = planner
  const active = new Set(from.nodes)
  const ops: Op[] = []
  const arc: Arc = { source: root, target: [...initial], reenter: true }
  const done = enterStates(planner, [arc], active, {}, ops, root)
  return { ops, recorded: undefined, next: nextOf(planner, from, active, done, undefined, ops), does: false }
}

/** Ends a plan: a machine that is done leaves what it is in, and where it then is. */
function nextOf(
  { states, configurationOf }: Planner,
  from: Configuration,
  active: ReadonlySet<AnyStateNode>,
  done: boolean,
  recorded: HistoryValue | undefined,
  ops: Op[],
): Configuration | undefined {
  const nodes = [...active]
  if (done) {
    nodes.sort(innermostFirst)
    for (const node of nodes) ops.push(...states.get(node)!.exit)
  }
  // XState keeps the order it has when the states are the same.
  const same = from.nodes.length === active.size && from.nodes.every(node => active.has(node))
  return same && recorded === undefined ? undefined : configurationOf(nodes)
}

/** Answers what the history states of the states left are to recall. */
function exitStates(
  { states }: Planner,
  arcs: readonly Arc[],
  active: Set<AnyStateNode>,
  history: HistoryValue,
  ops: Op[],
): HistoryValue | undefined {
  const exiting = [...computeExitSet(arcs, active, history)].sort(innermostFirst)
  let recorded: Record<string, readonly AnyStateNode[]> | undefined
  for (const node of exiting)
    for (const child of childrenOf(node).filter(isHistory)) {
      recorded ??= {}
      recorded[child.id] = [...active].filter(recordedBy(child, node))
    }
  for (const node of exiting) {
    const { exit, stops } = states.get(node)!
    ops.push(...exit, ...stops)
    active.delete(node)
  }
  return recorded
}

function recordedBy(history: AnyStateNode, parent: AnyStateNode): (node: AnyStateNode) => boolean {
  if (history.history === 'deep') return node => isAtomic(node) && isDescendant(node, parent)
  return node => node.parent === parent
}

/** Answers whether the machine is done with it. `root`: entered by default although it is active already. */
function enterStates(
  { states, root: top }: Planner,
  arcs: readonly Arc[],
  active: Set<AnyStateNode>,
  history: HistoryValue,
  ops: Op[],
  root?: AnyStateNode,
): boolean {
  const entry = computeEntrySet(arcs, history)
  const finished = new Set<AnyStateNode>()
  let done = false
  for (const node of entry.states) {
    active.add(node)
    const { entry: entering, initial, invoked } = states.get(node)!
    const inside = entry.byDefault.has(node) || node === root ? [...entering, ...initial] : entering
    if (invoked.length > 0) ops.push(beginInvoking(invoked), ...inside, endInvoking)
    else ops.push(...inside)
    if (node.type !== 'final') continue
    const completed = completeFinal(node, active, finished, ops)
    if (completed === undefined) continue
    ops.push(finishMachine(top, completed))
    done = true
  }
  return done
}

/**
 * Tells the states above that a final state was entered. Answers the state that completes the machine with
 * it, or undefined when something above is not done.
 */
function completeFinal(
  node: AnyStateNode,
  active: ReadonlySet<AnyStateNode>,
  finished: Set<AnyStateNode>,
  ops: Op[],
): AnyStateNode | undefined {
  const { parent } = node
  if (parent?.type === 'compound') ops.push(raiseDoneState(parent.id, node.output))
  let above = parent?.type === 'parallel' ? parent : parent?.parent
  let completed = above ?? node
  while (above?.type === 'parallel' && !finished.has(above) && isInFinalState(above, active)) {
    finished.add(above)
    ops.push(raiseDoneState(above.id, undefined))
    completed = above
    above = above.parent
  }
  return above === undefined ? completed : undefined
}

function innermostFirst(one: AnyStateNode, other: AnyStateNode): number {
  return other.order - one.order
}
