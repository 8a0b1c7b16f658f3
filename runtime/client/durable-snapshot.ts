/**
 * A state as a client sees it: what the logic shows, and where in the actor's life it stands.
 */
import { inspect } from 'node:util'
import type { AnyActorLogic } from 'xstate'
import { normalise } from '../../actors/codec.js'
import type { SeenActor } from './service.js'
import type { DurableSnapshot } from './types.js'

const KEYS = ['value', 'context', 'status', 'output', 'error', 'tags', 'matches', 'hasTag', 'can'] as const

/** Parts that hold the user's own values. The actor lives on in them, so a client is given copies, made when looked at. */
const OWN: ReadonlySet<string> = new Set(['value', 'context', 'output', 'error'])

/** The snapshot of a logic with seq and version. It can be written as JSON; its methods stay out of that. */
export function durableSnapshot<L extends AnyActorLogic>(seen: SeenActor): DurableSnapshot<L> {
  const from = seen.snapshot as unknown as Record<string, unknown>
  const durable: Record<string, unknown> = { seq: seen.seq, version: seen.version }
  for (const key of KEYS) {
    const value = from[key]
    if (typeof value === 'function')
      Object.defineProperty(durable, key, {
        value: (value as () => unknown).bind(seen.snapshot),
        enumerable: false,
      })
    else if (OWN.has(key) && typeof value === 'object' && value !== null) copyWhenRead(durable, key, value)
    else if (value instanceof Set) durable[key] = new Set(value)
    else if (key in from) durable[key] = value
  }
  const { tags } = seen.snapshot
  Object.defineProperty(durable, 'toJSON', {
    value: () => ({ ...durable, tags: [...tags] }),
    enumerable: false,
  })
  // So that a person who prints it sees what is in it.
  Object.defineProperty(durable, inspect.custom, { value: () => ({ ...durable }), enumerable: false })
  return durable as unknown as DurableSnapshot<L>
}

function copyWhenRead(durable: Record<string, unknown>, key: string, value: object): void {
  let copy: unknown
  Object.defineProperty(durable, key, {
    get: () => {
      copy ??= normalise(value)
      return copy
    },
    enumerable: true,
  })
}
