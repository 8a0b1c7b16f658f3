/**
 * A stored state read without its definition: what a person is shown of an actor whose code is not at hand.
 *
 * Reads the stored forms of the three logics there are: a machine's `[value, context, rest?]`, a store's
 * `{ context, … }`, a reducer's bare context. Runs no user code. What only the definition knows (tags, meta,
 * `can`) is not here.
 */
import * as codec from '../actors/codec.js'
import type { Stored } from './xstate/stored-state.js'

export interface ReadableState {
  /** As people know it: a state's path; `{}` for a logic without states. */
  readonly value: unknown
  readonly context: unknown
  readonly output?: unknown
  readonly error?: unknown
}

/**
 * @param value the state's value where it is known from elsewhere (the journal's index): it tells a machine
 * apart from a reducer whose context is an array.
 */
export function readableState(bytes: Uint8Array, value?: unknown): ReadableState {
  const stored = codec.decode(bytes)
  if (isMachineState(stored, value)) {
    const [own, context, rest = {}] = stored
    return {
      value: own,
      context,
      ...(rest.output === undefined ? {} : { output: rest.output }),
      ...(rest.error === undefined ? {} : { error: rest.error }),
    }
  }
  const context = isStoreState(stored) ? stored.context : stored
  return { value: {}, context }
}

function isMachineState(stored: unknown, value: unknown): stored is Stored {
  if (!Array.isArray(stored) || (stored.length !== 2 && stored.length !== 3)) return false
  const [own] = stored as unknown[]
  if (value !== undefined) return JSON.stringify(own) === JSON.stringify(value)
  return typeof own === 'string' || (typeof own === 'object' && own !== null)
}

function isStoreState(stored: unknown): stored is { readonly context: unknown } {
  return (
    typeof stored === 'object' &&
    stored !== null &&
    Object.getPrototypeOf(stored) === Object.prototype &&
    Object.hasOwn(stored, 'context')
  )
}
