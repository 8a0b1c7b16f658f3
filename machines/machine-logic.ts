/**
 * A machine's logic: compiled, or by the reference executor where the compiler meets a construct it does not
 * know. Decided once for a machine, when it is first asked for, and open to see.
 */
import type { Executor } from '../actors/definition.js'
import type { ActorLogic } from '../actors/logic.js'
import { CompiledLogic } from './compiled/compiled-logic.js'
import { reasonAgainst } from './compiled/reason-against.js'
import { rememberMachine } from './machine-of.js'
import type { AnyStateMachine } from './xstate/types.js'
import { ReferenceLogic } from './xstate-logic.js'

interface Chosen {
  readonly logic: ActorLogic
  readonly executor: Executor
}

const byDefault = new WeakMap<AnyStateMachine, Chosen>()
const byReference = new WeakMap<AnyStateMachine, ActorLogic>()

/**
 * The logic of a machine and what executes it; the same machine gives the same.
 * @throws SetupError `InvalidDefinition` for invoked or spawned logic without a durable form.
 */
export function chosenLogic(machine: AnyStateMachine): Chosen {
  const known = byDefault.get(machine)
  if (known !== undefined) return known
  const reason = reasonAgainst(machine)
  const chosen: Chosen =
    reason === undefined
      ? { logic: new CompiledLogic(machine, machineLogic) as ActorLogic, executor: { kind: 'compiled' } }
      : {
          logic: new ReferenceLogic(machine, machineLogic) as ActorLogic,
          executor: { kind: 'reference', reason },
        }
  rememberMachine(chosen.logic, machine)
  byDefault.set(machine, chosen)
  return chosen
}

/** The logic of a machine; the same machine gives the same. Throws as `chosenLogic` does. */
export function machineLogic(machine: AnyStateMachine): ActorLogic {
  return chosenLogic(machine).logic
}

/** The logic by which the compiled one is judged: XState's own steps, for the machine and its children. */
export function referenceLogic(machine: AnyStateMachine): ActorLogic {
  const known = byReference.get(machine)
  if (known !== undefined) return known
  const logic = new ReferenceLogic(machine, referenceLogic) as ActorLogic
  rememberMachine(logic, machine)
  byReference.set(machine, logic)
  return logic
}
