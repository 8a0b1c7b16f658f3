/**
 * A machine as a graph, as plain data: its states, and transitions with their targets found. What diagrams
 * are drawn from.
 */
import type { AnyStateMachine, AnyStateNode } from '../xstate/types.js'
import { listOf, namedAction, namedGuard } from './names.js'

export interface GraphState {
  /** Unique within the machine. */
  readonly id: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly isDeepHistory: boolean
  readonly children: readonly GraphState[]
  /** The child it begins in. */
  readonly initial: string | undefined
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  readonly invokes: readonly string[]
  readonly transitions: readonly GraphTransition[]
}

export interface GraphTransition {
  /** What brings it about: an event's type, `after 1000 ms`, `done charge`, or empty for an eventless one. */
  readonly trigger: string
  readonly guard: string | undefined
  readonly actions: readonly string[]
  /** Ids; empty when it stays where it is. */
  readonly targets: readonly string[]
}

export function graphView(machine: AnyStateMachine): GraphState {
  return stateOf(machine.root)
}

function stateOf(node: AnyStateNode): GraphState {
  const children = Object.values(node.states as Record<string, AnyStateNode>)
  const { entry, exit } = node.config
  return {
    id: node.id,
    key: node.key,
    type: node.type,
    isDeepHistory: node.history === 'deep',
    children: children.map(stateOf),
    initial: initialOf(node, children),
    entry: listOf(entry).map(action => namedAction(action).type),
    exit: listOf(exit).map(action => namedAction(action).type),
    invokes: node.invoke.map(sourceName),
    transitions: [...transitionsOf(node), ...historyDefault(node)],
  }
}

/** The child that the initial state is, or is within. */
function initialOf(node: AnyStateNode, children: readonly AnyStateNode[]): string | undefined {
  if (node.type !== 'compound') return undefined
  const [target] = node.initial.target as readonly AnyStateNode[]
  return children.find(child => target === child || target?.id.startsWith(`${child.id}.`))?.id ?? target?.id
}

function sourceName(invoke: { readonly id: string; readonly src: unknown }): string {
  const { id, src } = invoke
  return typeof src === 'string' && !src.startsWith('xstate.invoke.') ? src : id
}

interface Definition {
  readonly target: readonly AnyStateNode[] | undefined
  readonly guard: unknown
  readonly actions: readonly unknown[]
}

function transitionsOf(node: AnyStateNode): readonly GraphTransition[] {
  const byEvent = [...(node.transitions as Map<string, readonly Definition[]>)]
  const always = (node.always ?? []) as unknown as readonly Definition[]
  return [
    ...always.map(one => transitionOf('', one)),
    ...byEvent.flatMap(([type, ones]) => ones.map(one => transitionOf(triggerOf(type, node), one))),
  ]
}

function transitionOf(trigger: string, { target, guard, actions }: Definition): GraphTransition {
  return {
    trigger,
    guard: guard === undefined ? undefined : namedGuard(guard).type,
    actions: actions.map(action => namedAction(action).type),
    targets: (target ?? []).map(state => state.id),
  }
}

/** XState's own event types, in words. */
function triggerOf(type: string, node: AnyStateNode): string {
  const invokes = node.invoke as readonly { id: string; src: unknown }[]
  for (const [prefix, word] of INVOKED) {
    const invoke = invokes.find(one => type === `${prefix}${one.id}`)
    if (invoke !== undefined) return `${word} ${sourceName(invoke)}`
  }
  if (type === `xstate.done.state.${node.id}`) return 'done'
  const after = /^xstate\.after\.(.*)$/.exec(type)?.[1]
  if (after?.endsWith(`.${node.id}`) === true) {
    const delay = after.slice(0, -node.id.length - 1)
    return `after ${/^\d+$/.test(delay) ? `${delay} ms` : delay}`
  }
  return type
}

const INVOKED = [
  ['xstate.done.actor.', 'done'],
  ['xstate.error.actor.', 'error'],
  ['xstate.snapshot.', 'snapshot'],
] as const

/** Where a history state leads the first time. */
function historyDefault(node: AnyStateNode): readonly GraphTransition[] {
  const targets = listOf((node.config as { readonly target?: unknown }).target) as readonly string[]
  if (node.type !== 'history' || targets.length === 0) return []
  const found = targets.map(target => stateAt(target, node))
  return [{ trigger: '', guard: undefined, actions: [], targets: found.map(state => state.id) }]
}

function stateAt(target: string, { machine, parent }: AnyStateNode): AnyStateNode {
  if (target.startsWith('#')) return machine.getStateNodeById(target)
  let state = parent!
  for (const key of target.split('.')) state = key === '' ? state : state.states[key]!
  return state
}
