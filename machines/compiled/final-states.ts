/**
 * Ops that are no action of the user's: what entering final states and invoking states does besides.
 */
import type { AnyStateNode } from '../xstate/types.js'
import type { Op, RunningStep } from './running-step.js'

/** Tells the state `id` that it is done: an event as SCXML's `done.state.id`, with what its final child gives. */
export function raiseDoneState(id: string, output: unknown): Op {
  return step => {
    step.internalQueue.push(doneState(id, resolve(output, step, step.event)))
  }
}

/** Ends the machine. `completed` is the state that completed it, whose output the machine's output may use. */
export function finishMachine(root: AnyStateNode, completed: AnyStateNode): Op {
  const below = completed.parent === undefined ? undefined : completed.output
  return step => {
    step.status = 'done'
    step.changed = true
    step.output =
      root.output === undefined
        ? undefined
        : resolve(root.output, step, doneState(completed.id, resolve(below, step, step.event)))
  }
}

/** From here to `endInvoking`, ids of children about to be invoked are good to send to. */
export function beginInvoking(ids: readonly string[]): Op {
  return step => {
    step.invoked = ids
  }
}

/** The children are there now: sends that waited for them learn who they are. */
export function endInvoking(step: RunningStep): void {
  step.invoked = undefined
  for (const send of step.deferredSends.splice(0)) send.to = step.children[send.to as string]
}

function doneState(id: string, output: unknown): RunningStep['event'] {
  return { type: `xstate.done.state.${id}`, output }
}

function resolve(output: unknown, step: RunningStep, event: unknown): unknown {
  return typeof output === 'function' ? output({ ...step.data(), event }) : output
}
