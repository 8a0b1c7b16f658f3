/**
 * What XState takes for the actor system while it computes a step. It starts nothing and delivers nothing: it
 * notes children being created and transitions being taken, mints ids from the step's number, and refuses what
 * needs a live system.
 */
import type { StepContext } from '../../actors/logic.js'
import { isStandIn } from './stand-in.js'
import type { BornActor, InspectionEvent, ListedAction } from './types.js'

/** What a step made, in XState's order. */
export type Noted =
  | { readonly kind: 'birth'; readonly actor: BornActor }
  | { readonly kind: 'action'; readonly action: ListedAction }

export class StepSystem {
  noted: Noted[] = []
  /** Whether a transition was taken that does something. */
  handled = false
  #seq = 0
  #minted = 0
  #self: unknown
  #before: unknown
  readonly #machineId: string
  readonly _clock = { setTimeout: () => 0, clearTimeout: () => {} }

  constructor(machineId: string) {
    this.#machineId = machineId
  }

  begin(context: StepContext, self: unknown, before: unknown): void {
    this.noted = []
    this.handled = false
    this.#seq = context.seq
    this.#minted = 0
    this.#self = self
    this.#before = before
  }

  end(): void {
    this.#self = undefined
    this.#before = undefined
  }

  /** The state before the step that is running. */
  before(self: unknown): unknown {
    if (self !== this.#self) throw new Error(`self.getSnapshot() has no answer once the step is over`)
    return this.#before
  }

  /** An id that no other entry of the actor mints: for spawned children and timers without one. */
  mint(): string {
    return `x:${this.#seq}-${this.#minted++}`
  }

  _bookId = (): string => this.mint()

  _sendInspectionEvent = (event: InspectionEvent): void => {
    if (event.type === '@xstate.microstep')
      this.handled ||= event._transitions.some(
        taken => taken.target !== undefined || taken.actions.length > 0,
      )
    else if (event.type === '@xstate.actor') this.noteBirth(event.actorRef)
  }

  /** Thrown before XState asks the logic for a first state: no child's code runs in its parent's step. */
  noteBirth(actor: BornActor): void {
    if (!isStandIn(actor.logic))
      throw new Error(
        `machine '${this.#machineId}' spawned logic given inline (child '${actor.id}'): name it in setup({ actors }) and spawn it by that name, so that it can be found again after a restart`,
      )
    if (actor.options.systemId !== undefined) this._set(actor.options.systemId)
    this.noted.push({ kind: 'birth', actor })
  }

  _set = (systemId: string): never => {
    throw new Error(
      `machine '${this.#machineId}' uses systemId '${systemId}': there is no actor system shared in memory. Send to a child by its id, to another actor by ref(type, key), or pass a reference in its input`,
    )
  }

  get = (systemId: string): never => this._set(systemId)

  getAll = (): never => this._set('*')

  _logger = (): void => {}
  _register = (): void => {}
  _unregister = (): void => {}
  _relay = (): void => {}
}
