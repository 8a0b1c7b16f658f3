/**
 * Which transitions a machine has, and which of them a step takes: read off XState's own account of each
 * microstep, so that nothing has to be added to the machine to know it.
 */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import type { StepContext } from '../../../actors/logic.js'
import { closeWindow, openWindow } from '../../../machines/deterministic-window.js'
import { SelfReference } from '../../../machines/xstate/references.js'
import { StepSystem } from '../../../machines/xstate/system.js'

/** Every transition of a machine, as `stage.charging.next always 2`: node, event, place in its list. */
export function transitionsOf(machine: AnyStateMachine): string[] {
  return [...named(machine).values()].sort()
}

const names = new WeakMap<AnyStateMachine, Map<AnyTransitionDefinition, string>>()

function named(machine: AnyStateMachine): Map<AnyTransitionDefinition, string> {
  const known = names.get(machine)
  if (known !== undefined) return known
  const found = new Map<AnyTransitionDefinition, string>()
  const visit = (node: AnyStateNode) => {
    const name = (event: string, list: readonly AnyTransitionDefinition[]) => {
      for (const [index, transition] of list.entries()) {
        const which = list.length > 1 ? ` ${index + 1}` : ''
        found.set(transition, `${node.path.join('.')} ${shortened(event)}${which}`)
      }
    }
    name('always', node.always ?? [])
    for (const [event, list] of node.transitions) name(event, list)
    for (const child of Object.values(node.states)) visit(child)
  }
  visit(machine.root)
  names.set(machine, found)
  return found
}

/** `done`, `error` or `after reviewTerm` of what XState calls by a longer name. */
function shortened(event: string): string {
  const after = /^xstate\.after\.(\w+)\./.exec(event)
  if (after !== null) return `after ${after[1]}`
  return /^xstate\.(done|error)\.actor\./.exec(event)?.[1] ?? event
}

/** The names of the transitions that an event takes in a state, eventless ones after it included. */
export function transitionsTaken(
  state: AnyMachineSnapshot,
  event: { readonly type: string },
  context: StepContext,
): string[] {
  const taken: string[] = []
  const machine = state.machine as AnyStateMachine
  const system = new StepSystem(machine.id)
  const note = system._sendInspectionEvent
  system._sendInspectionEvent = inspected => {
    if (inspected.type === '@xstate.microstep')
      for (const transition of inspected._transitions)
        taken.push(
          named(machine).get(transition as unknown as AnyTransitionDefinition) ??
            '? a transition nobody listed',
        )
    note(inspected)
  }
  const self = new SelfReference(context.self, context.parent, system)
  const nothing = () => {}
  const scope = {
    ...{ self, id: '', sessionId: '', system, logger: nothing, defer: nothing },
    ...{ emit: nothing, stopChild: nothing, actionExecutor: nothing },
  }
  system.begin(context, self, state)
  const window = openWindow(context)
  try {
    machine.transition(state, event, scope as never)
  } finally {
    closeWindow(window)
    system.end()
  }
  return taken
}
