/**
 * Event types a machine listens for and can never hear, because only the engine may send them.
 */
import { mayListenFor } from '../reserved-events.js'
import type { AnyStateMachine } from '../xstate/types.js'
import { placeOf, statesOf } from './machine-parts.js'
import type { Problems } from './problems.js'

export function checkEvents(machine: AnyStateMachine, problems: Problems): void {
  for (const node of statesOf(machine)) {
    for (const type of Object.keys(node.config.on ?? {}))
      if (!mayListenFor(type))
        problems.add(
          placeOf(node),
          `listens for '${type}', which is reserved: use onDone, onError, onSnapshot, after, or an event name of your own`,
        )
    if ((node.config as { route?: unknown }).route !== undefined)
      problems.add(
        placeOf(node),
        "has a route, whose event 'xstate.route' is reserved: use an event name of your own",
      )
  }
}
