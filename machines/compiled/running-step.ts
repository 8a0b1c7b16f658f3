/**
 * One macrostep while it is taken: what of the actor it has changed so far, and what user code is given.
 *
 * Owns the order in which things are noted, which is XState's. Lives no longer than the step.
 */
import type { ActorEvent } from '../../actors/command.js'
import type { SelfReference } from '../xstate/references.js'
import type { StepSystem } from '../xstate/system.js'
import type { OpenSnapshot } from '../xstate/types.js'
import { Newborn, type NewbornOptions } from './newborn.js'
import type { ActiveStates, HistoryValue } from './state-tree.js'

/** One thing a plan does. `params` are those an action was given by its place in the machine. */
export type Op = (step: RunningStep, params?: unknown) => void

/** What XState gives to actions. */
export interface ActionArgs {
  readonly context: unknown
  readonly event: ActorEvent
  readonly self: SelfReference
  readonly system: StepSystem
}

/** A send to a child that is invoked by the state being entered: known by id until it is born. */
export interface DeferredSend {
  to: unknown
}

const nothing = { context: undefined, event: { type: '' } }

export class RunningStep {
  event: ActorEvent
  context: unknown
  children: Record<string, unknown>
  configuration: ActiveStates
  historyValue: HistoryValue
  status: OpenSnapshot['status'] = 'active'
  output: unknown = undefined
  error: unknown = undefined
  /** Whether the microstep made another snapshot, even an equal one: XState asks again for eventless transitions then. */
  changed = false
  /** Events raised and not taken yet. */
  readonly internalQueue: ActorEvent[] = []
  /** Ids that the state being entered invokes. */
  invoked: readonly string[] | undefined
  readonly deferredSends: DeferredSend[] = []
  readonly self: SelfReference
  readonly system: StepSystem

  constructor(
    event: ActorEvent,
    self: SelfReference,
    system: StepSystem,
    from: Pick<OpenSnapshot, 'context' | 'children'> & { readonly historyValue: HistoryValue },
    configuration: ActiveStates,
  ) {
    this.event = event
    this.context = from.context
    this.children = from.children
    this.historyValue = from.historyValue
    this.configuration = configuration
    this.self = self
    this.system = system
  }

  args(): ActionArgs {
    return { context: this.context, event: this.event, self: this.self, system: this.system }
  }

  /** What inputs and outputs are made from. */
  data(): { context: unknown; event: ActorEvent; self: SelfReference } {
    return { context: this.context, event: this.event, self: this.self }
  }

  /** Lists an action of XState's own. */
  note(type: string, params: unknown): void {
    this.system.noted.push({ kind: 'action', action: { type, info: nothing, params, exec: undefined } })
  }

  /** A child in name: its logic is not asked for anything here. */
  bear(logic: object, src: unknown, options: NewbornOptions): Newborn {
    const minted = this.system.mint()
    const child = new Newborn(options.id ?? minted, src, logic, options)
    this.system.noteBirth(child)
    return child
  }

  setChildren(children: Record<string, unknown>): void {
    this.children = children
    this.changed = true
  }
}
