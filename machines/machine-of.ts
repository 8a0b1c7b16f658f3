/**
 * Which machine a logic was made of: for those who show machines. The engine never asks.
 */
import type { ActorLogic } from '../actors/logic.js'
import type { AnyStateMachine } from './xstate/types.js'

const machines = new WeakMap<ActorLogic, AnyStateMachine>()

export function rememberMachine(logic: ActorLogic, machine: AnyStateMachine): void {
  machines.set(logic, machine)
}

/** The user's machine; undefined for logic that is none (a store, a reducer). */
export function machineOf(logic: ActorLogic): AnyStateMachine | undefined {
  return machines.get(logic)
}
