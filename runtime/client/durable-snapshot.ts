/**
 * A state as a client sees it: what the logic shows, and where in the actor's life it stands.
 */
import { inspect } from 'node:util'
import type { AnyActorLogic } from 'xstate'
import { normalise } from '../../actors/codec.js'
import type { SeenActor } from './service.js'
import type { DurableSnapshot } from './types.js'

const KEYS = ['value', 'context', 'status', 'output', 'error', 'tags'] as const

/** Parts that hold the user's own values. The actor lives on in them, so a client is given copies, made when looked at. */
const OWN: ReadonlySet<string> = new Set(['value', 'context', 'output', 'error'])

/** The snapshot of a logic with seq and version. It can be written as JSON; its methods stay out of that. */
export function durableSnapshot<L extends AnyActorLogic>(seen: SeenActor): DurableSnapshot<L> {
  return new ShownSnapshot(seen) as unknown as DurableSnapshot<L>
}

/**
 * One is made for every answer and every step that is waited through, and most are hardly looked at: so what is
 * the same for all is defined once.
 */
class ShownSnapshot {
  readonly seq: number
  readonly version: string
  readonly #from: Readonly<Record<string, unknown>>
  #copies: Record<string, unknown> | undefined

  constructor({ snapshot, seq, version }: SeenActor) {
    const from = snapshot as unknown as Readonly<Record<string, unknown>>
    this.#from = from
    this.seq = seq
    this.version = version
    const shown = this as Record<string, unknown>
    for (const key of KEYS) {
      const value = from[key]
      if (typeof value === 'object' && value !== null && OWN.has(key))
        Object.defineProperty(this, key, ShownSnapshot.#copied[key]!)
      else if (value instanceof Set) shown[key] = new Set(value)
      else if (value !== undefined || key in from) shown[key] = value
    }
  }

  static readonly #copied: Readonly<Record<string, PropertyDescriptor>> = Object.fromEntries(
    [...OWN].map(key => {
      const get = function (this: ShownSnapshot) {
        return this.#copyOf(key)
      }
      return [key, { get, enumerable: true }]
    }),
  )

  #copyOf(key: string): unknown {
    this.#copies ??= {}
    this.#copies[key] ??= normalise(this.#from[key])
    return this.#copies[key]
  }

  #bound(name: string): unknown {
    const method = this.#from[name]
    return typeof method === 'function' ? method.bind(this.#from) : method
  }

  get matches(): unknown {
    return this.#bound('matches')
  }

  get hasTag(): unknown {
    return this.#bound('hasTag')
  }

  get can(): unknown {
    return this.#bound('can')
  }

  toJSON(): object {
    return { ...this, tags: [...(this.#from.tags as Set<string>)] }
  }

  /** So that a person who prints it sees what is in it. */
  [inspect.custom](): object {
    return { ...this }
  }
}
