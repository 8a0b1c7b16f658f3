/** The machine of a definition, for those who can draw nothing else. */
import type { AnyStateMachine } from 'xstate'
import { behaviour, type Definition } from '../../actors/definition.js'
import { SetupError } from '../../actors/errors.js'
import { machineOf } from '../../machines/machine-of.js'

/** @throws SetupError `InvalidDefinition` for a store: it has no states. */
export function machineToShow(definition: Definition): AnyStateMachine {
  const machine = machineOf(definition[behaviour].logic)
  if (machine !== undefined) return machine
  throw new SetupError(
    'InvalidDefinition',
    `'${definition.type}' cannot be exported: expected a machine, found a store, which has no states`,
    { type: definition.type },
  )
}
