/**
 * What leaves the machine or comes back to it: `raise`, `sendTo`, `cancel`, `emit`, `log`.
 */
import type { ActorEvent } from '../../../actors/command.js'
import type { AnyStateMachine } from '../../xstate/types.js'
import type { ActionArgs, DeferredSend, Op, RunningStep } from '../running-step.js'

type Expression = (args: ActionArgs, params: unknown) => unknown

export interface Raise {
  readonly event: unknown
  readonly id?: unknown
  readonly delay?: unknown
}

export interface SendTo extends Raise {
  readonly to: unknown
}

export function raiseOp(machine: AnyStateMachine, { event, id, delay }: Raise): Op {
  if (isPlain(event) && typeof delay === 'number')
    return step => step.note('xstate.raise', { event, id, delay })
  return (step, params) => {
    assertEvent('raise', event)
    const args = step.args()
    const raised = resolve(event, args, params)
    const after = delayOf(machine, delay, args, params)
    if (typeof after !== 'number') step.internalQueue.push(raised as ActorEvent)
    step.note('xstate.raise', { event: raised, id, delay: after })
  }
}

export function sendToOp(machine: AnyStateMachine, { to, event, id, delay }: SendTo): Op {
  return (step, params) => {
    assertEvent('sendTo', event)
    const args = step.args()
    const sent = resolve(event, args, params)
    const after = delayOf(machine, delay, args, params)
    const target = resolve(to, args, params)
    const send = { to: targetOf(machine, step, target), event: sent, id, delay: after }
    if (typeof send.to === 'string') step.deferredSends.push(send as DeferredSend)
    step.note('xstate.sendTo', send)
  }
}

export function cancelOp(sendId: unknown): Op {
  if (typeof sendId === 'string') return step => step.note('xstate.cancel', { sendId })
  return (step, params) => {
    step.note('xstate.cancel', { sendId: resolve(sendId, step.args(), params) })
  }
}

export function emitOp(event: unknown): Op {
  return (step, params) => {
    step.note('xstate.emit', { event: resolve(event, step.args(), params) })
  }
}

export function logOp(value: unknown, label: unknown): Op {
  return (step, params) => {
    step.note('xstate.log', { value: resolve(value, step.args(), params), label })
  }
}

/** Whether there is nothing to compute: the event is as it was written. */
function isPlain(event: unknown): boolean {
  return typeof event === 'object' && event !== null
}

function resolve(value: unknown, args: ActionArgs, params: unknown): unknown {
  return typeof value === 'function' ? (value as Expression)(args, params) : value
}

function delayOf(machine: AnyStateMachine, delay: unknown, args: ActionArgs, params: unknown): unknown {
  if (typeof delay !== 'string') return resolve(delay, args, params)
  return resolve((machine.implementations.delays as Record<string, unknown>)[delay], args, params)
}

/** Another actor, or the id of a child that the state being entered is about to invoke. */
function targetOf(machine: AnyStateMachine, step: RunningStep, target: unknown): unknown {
  if (typeof target !== 'string') return target || step.self
  const found = named(step, target)
  if (!found) throw new Error(`Unable to send event to actor '${target}' from machine '${machine.id}'.`)
  return found
}

function named(step: RunningStep, target: string): unknown {
  if (target === '#_parent') return step.self._parent
  if (target === '#_internal') return step.self
  if (target.startsWith('#_')) return step.children[target.slice(2)]
  return step.invoked?.includes(target) ? target : step.children[target]
}

/** XState's words. */
function assertEvent(action: string, event: unknown): void {
  if (typeof event === 'string')
    throw new Error(
      `Only event objects may be used with ${action}; use ${action}({ type: "${event}" }) instead`,
    )
}
