/**
 * Event types that are the engine's own: nobody outside may send them, no machine may listen for those it
 * could not have been meant to hear.
 */

/** Whether an event of this type may only come from the engine. */
export function isReservedType(type: string): boolean {
  return type.startsWith('xstate.') || type.startsWith('$')
}

const audible = ['xstate.done.actor.', 'xstate.error.actor.', 'xstate.snapshot.', 'xstate.done.state.']

/** Whether a machine may name this type in `on`: reserved ones only where XState offers no other way to hear of a spawned child. */
export function mayListenFor(type: string): boolean {
  return (
    !isReservedType(type) || audible.some(prefix => type.startsWith(prefix) && type.length > prefix.length)
  )
}
