/**
 * Any action a machine may hold as an op: XState's own by what they were made from, all others listed for
 * after the commit.
 */
import { assign, cancel, emit, enqueueActions, log, raise, sendTo, spawnChild, stopChild } from 'xstate'
import type { AnyStateMachine, ListedAction } from '../xstate/types.js'
import { assignOp } from './actions/assign.js'
import { spawnChildOp, stopChildOp } from './actions/children.js'
import { enqueueActionsOp } from './actions/enqueue.js'
import { cancelOp, emitOp, logOp, raiseOp, sendToOp } from './actions/messages.js'
import type { Op, RunningStep } from './running-step.js'

/** An action of XState's own: a function that carries what it was made from. */
type BuiltinAction = Readonly<Record<string, never>> & { readonly resolve: unknown }

type Compiler = (machine: AnyStateMachine, action: BuiltinAction) => Op

const event = { type: '' }
const known = new Map<unknown, Compiler>([
  [resolveOf(assign({})), (machine, { assignment }) => assignOp(machine, assignment!)],
  [resolveOf(raise(event)), (machine, action) => raiseOp(machine, action as never)],
  [resolveOf(sendTo('', event)), (machine, action) => sendToOp(machine, action as never)],
  [resolveOf(cancel('')), (_, { sendId }) => cancelOp(sendId)],
  [resolveOf(emit(event)), (_, action) => emitOp(action.event)],
  [resolveOf(log()), (_, { value, label }) => logOp(value, label)],
  [resolveOf(spawnChild('')), (machine, action) => spawnChildOp(machine, action as never)],
  [resolveOf(stopChild('')), (_, { actorRef }) => stopChildOp(actorRef!)],
  [
    resolveOf(enqueueActions(() => {})),
    (machine, { collect }) => enqueueActionsOp(machine, collect!, action => compileAction(machine, action)),
  ],
])

function resolveOf(action: unknown): unknown {
  return (action as BuiltinAction).resolve
}

/** Whether an action's implementation is XState's own and of a kind unknown here. */
export function isStrangeAction(action: unknown): boolean {
  return typeof action === 'function' && 'resolve' in action && !known.has(action.resolve)
}

export function compileAction(machine: AnyStateMachine, action: unknown): Op {
  const name = nameOf(action)
  const implementation =
    name === undefined ? action : (machine.implementations.actions as Record<string, unknown>)[name]
  const op = implemented(machine, action, implementation)
  const params = paramsOf(action)
  return params === undefined ? op : step => op(step, params(step))
}

function nameOf(action: unknown): string | undefined {
  if (typeof action === 'function') return undefined
  return typeof action === 'string' ? action : (action as { type: string }).type
}

function paramsOf(action: unknown): ((step: RunningStep) => unknown) | undefined {
  if (typeof action !== 'object' || action === null || !('params' in action)) return undefined
  const { params } = action
  if (typeof params !== 'function') return () => params
  return ({ context, event }) => params({ context, event })
}

function implemented(machine: AnyStateMachine, action: unknown, implementation: unknown): Op {
  if (implementation && 'resolve' in (implementation as object)) {
    const builtin = implementation as BuiltinAction
    const compiler = known.get(builtin.resolve)
    if (compiler === undefined)
      throw new Error(
        `machine '${machine.id}' enqueues an action of an unknown kind: ${String(builtin.type)}`,
      )
    return compiler(machine, builtin)
  }
  const type = nameOf(action) ?? ((action as { name: string }).name || '(anonymous)')
  const exec = implementation as ListedAction['exec']
  return (step, params) => {
    step.system.noted.push({ kind: 'action', action: { type, info: step.args(), params, exec } })
  }
}
