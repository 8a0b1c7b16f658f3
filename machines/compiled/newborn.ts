/**
 * A child between its birth and the end of the step that bears it. User code that spawned it may keep it or
 * send it along; when the step is over a reference stands in its place.
 */
import type { BornActor } from '../xstate/types.js'

export interface NewbornOptions {
  readonly id?: string | undefined
  readonly input?: unknown
  readonly systemId?: string | undefined
  readonly syncSnapshot?: boolean | undefined
}

const asBorn = Object.freeze({ status: 'active', output: undefined, error: undefined })

export class Newborn implements BornActor {
  readonly id: string
  readonly src: unknown
  readonly logic: object
  readonly options: NewbornOptions
  readonly _syncSnapshot: boolean

  constructor(id: string, src: unknown, logic: object, options: NewbornOptions) {
    this.id = id
    this.src = src
    this.logic = logic
    this.options = options
    this._syncSnapshot = options.syncSnapshot ?? false
  }

  /** Nothing hears it: in a step only `sendTo` sends. */
  send(): void {}

  getSnapshot(): unknown {
    return asBorn
  }
}
