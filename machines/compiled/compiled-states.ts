/**
 * The states of a machine with everything in them that user code is part of compiled to functions.
 */
import type { AnyStateMachine, AnyStateNode } from '../xstate/types.js'
import { type SpawnChild, spawnChildOp, stopChildOp } from './actions/children.js'
import { compileAction } from './compile-action.js'
import { compileGuard, guardName } from './guards.js'
import type { Op } from './running-step.js'
import { isHistory } from './state-tree.js'
import type { Transition } from './transition.js'

export interface CompiledState {
  /** Transitions by event descriptor, as XState has them: `after`, `onDone` and the like are among them. */
  readonly on: ReadonlyMap<string, readonly Transition[]>
  readonly always: readonly Transition[]
  /** Entry actions, then what it invokes. */
  readonly entry: readonly Op[]
  /** The ids of what it invokes. */
  readonly invoked: readonly string[]
  /** The actions of its initial transition. */
  readonly initial: readonly Op[]
  readonly exit: readonly Op[]
  /** Stops what it invokes. */
  readonly stops: readonly Op[]
}

export type CompiledStates = ReadonlyMap<AnyStateNode, CompiledState>

/** A transition as XState has resolved it. */
interface Resolved {
  readonly source: AnyStateNode
  readonly target: readonly AnyStateNode[] | undefined
  readonly reenter: boolean
  readonly actions: readonly unknown[]
  readonly guard: unknown
}

interface Invocation extends SpawnChild {
  readonly id: string
  readonly onSnapshot?: unknown
}

export function compileStates(machine: AnyStateMachine, nodes: readonly AnyStateNode[]): CompiledStates {
  const always = nodes.some(entersByHistory)
  let count = 0
  const transition = ({ source, target, reenter, actions, guard }: Resolved): Transition => {
    const alone: Transition[] = []
    const compiled: Transition = {
      number: count++,
      source,
      target,
      reenter,
      guard: guard === undefined ? undefined : compileGuard(machine, guard),
      guardName: guardName(guard),
      ops: actions.map(action => compileAction(machine, action)),
      does: target !== undefined || actions.length > 0,
      recalls: always || (target?.some(isHistory) ?? false),
      alone,
    }
    alone.push(compiled)
    return compiled
  }
  return new Map(nodes.map(node => [node, compileState(machine, node, transition)]))
}

function compileState(
  machine: AnyStateMachine,
  node: AnyStateNode,
  transition: (resolved: Resolved) => Transition,
): CompiledState {
  const ops = (actions: readonly unknown[]) => actions.map(action => compileAction(machine, action))
  const invocations = node.invoke as unknown as readonly Invocation[]
  const invokes = invocations.map(invocation =>
    spawnChildOp(machine, { ...invocation, syncSnapshot: Boolean(invocation.onSnapshot) }),
  )
  const on = node.transitions as unknown as ReadonlyMap<string, readonly Resolved[]>
  return {
    on: new Map([...on].map(([descriptor, resolved]) => [descriptor, resolved.map(transition)])),
    always: ((node.always ?? []) as unknown as readonly Resolved[]).map(transition),
    entry: [...ops(node.entry), ...invokes],
    invoked: invocations.map(({ id }) => id),
    initial: ops(node.initial.actions as readonly unknown[]),
    exit: ops(node.exit),
    stops: invocations.map(({ id }) => stopChildOp(id)),
  }
}

/** Whether entering a state by default may go by what is recalled: then any transition may. */
function entersByHistory(node: AnyStateNode): boolean {
  return (node.initial.target as readonly AnyStateNode[]).some(isHistory)
}
