/**
 * A definition's machine as the text that Stately Studio's *Import from code* takes, and that any XState 5
 * reads: one `createMachine` call around plain JSON. Actions, guards, delays and actors are names; what they
 * do stays in the code they come from.
 */
import type { Definition } from '../../actors/definition.js'
import { configView } from '../../machines/view/config-view.js'
import { machineToShow } from './machine-to-show.js'

/** @throws SetupError `InvalidDefinition` for a store: it has no states. */
export function toStately(definition: Definition): string {
  const config = JSON.stringify(configView(machineToShow(definition)), null, 2)
  return [
    "import { createMachine } from 'xstate'",
    '',
    `export const ${identifier(definition.type)}Machine = createMachine(${config})`,
    '',
  ].join('\n')
}

/** The type as the beginning of a variable's name. */
function identifier(type: string): string {
  const words = type.split(/[^A-Za-z0-9]+/).filter(word => word !== '')
  const joined = words
    .map((word, index) => (index === 0 ? word : word[0]!.toUpperCase() + word.slice(1)))
    .join('')
  return /^[A-Za-z]/.test(joined) ? joined : `the${joined}`
}
