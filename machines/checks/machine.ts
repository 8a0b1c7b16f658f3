/**
 * Everything about a machine that would misbehave later, found when it is defined: what it names and does not
 * have, what no restart could bring back, what would never end. Child machines are checked with it.
 */
import type { AnyActorLogic } from 'xstate'
import * as codec from '../../actors/codec.js'
import { isMachine } from '../logic-kind.js'
import { machineLogic } from '../machine-logic.js'
import { inertMachine } from '../xstate/inert-machine.js'
import { sourceOf } from '../xstate/sources.js'
import type { AnyStateMachine } from '../xstate/types.js'
import { checkAlways } from './always.js'
import { checkChildren } from './children.js'
import { checkEvents } from './events.js'
import { checkNames } from './names.js'
import { Problems } from './problems.js'

/** @throws SetupError `InvalidDefinition` naming machine and state, all problems at once. */
export function checkMachine(machine: AnyStateMachine): void {
  checkOnce(machine, new Set())
}

function checkOnce(machine: AnyStateMachine, seen: Set<AnyStateMachine>): void {
  if (seen.has(machine)) return
  seen.add(machine)
  const problems = new Problems(`machine '${machine.id}'`)
  const { logics } = inertMachine(machine)
  checkSources(machine, logics, problems)
  checkNames(machine, problems)
  checkChildren(machine, logics, problems)
  checkEvents(machine, problems)
  checkAlways(machine, problems)
  checkContext(machine, problems)
  problems.assertNone()
  for (const logic of logics.values()) if (isMachine(logic)) checkOnce(logic, seen)
}

function checkSources(
  machine: AnyStateMachine,
  logics: ReadonlyMap<string, AnyActorLogic>,
  problems: Problems,
): void {
  for (const [src, logic] of logics) {
    // A child machine is checked by itself, under its own name.
    if (isMachine(logic)) continue
    try {
      sourceOf(machine.id, src, logic, machineLogic)
    } catch (error) {
      problems.add('', (error as Error).message.replace(`machine '${machine.id}': `, ''))
    }
  }
}

function checkContext(machine: AnyStateMachine, problems: Problems): void {
  const { context } = machine.config
  if (context === undefined || typeof context === 'function') return
  try {
    codec.encode(context)
  } catch (error) {
    problems.add('context', (error as Error).message)
  }
}
