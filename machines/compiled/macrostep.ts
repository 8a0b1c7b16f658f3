/**
 * The macrostep: an event's own transitions, then eventless ones and raised events until nothing is left to do.
 */
import type { ActorEvent } from '../../actors/command.js'
import { stopChildOp } from './actions/children.js'
import type { CompiledMachine } from './compiled-machine.js'
import type { Configuration, MicrostepPlan } from './configuration.js'
import { merged } from './records.js'
import type { RunningStep } from './running-step.js'
import { none, selectEventlessTransitions } from './select-transitions.js'
import type { Transition } from './transition.js'

/** A step with the configuration it is in. */
export class Macrostep {
  configuration: Configuration
  readonly step: RunningStep
  readonly #machine: CompiledMachine
  /** Whether the step made another state, even an equal one. */
  changed = false

  constructor(machine: CompiledMachine, step: RunningStep, configuration: Configuration) {
    this.#machine = machine
    this.step = step
    this.configuration = configuration
  }

  /** Enters the machine, then goes on as after any microstep. */
  initialMacrostep(): void {
    this.#take(this.#machine.initialPlan())
    this.#settle()
  }

  /** Takes the step's event. */
  macrostep(): void {
    const { step } = this
    const { type } = step.event
    if (type === 'xstate.stop') {
      this.#end('stopped')
      return
    }
    if (type !== 'xstate.init') {
      const enabled = this.#selectTransitions()
      if (enabled.length === 0 && type.startsWith('xstate.error.actor')) {
        step.error = step.event.error
        this.#end('error')
        return
      }
      this.#microstep(enabled)
    }
    this.#settle()
  }

  #settle(): void {
    const { step } = this
    let eventless = true
    for (let iteration = 1; step.status === 'active'; iteration++) {
      if (iteration > this.#machine.iterationsMax) endless(this.#machine.iterationsMax)
      const enabled = eventless ? this.#selectEventlessTransitions() : none
      if (enabled.length > 0) {
        eventless = this.#microstep(enabled)
        continue
      }
      if (step.internalQueue.length === 0) return
      step.event = step.internalQueue.shift() as ActorEvent
      eventless = true
      this.#microstep(this.#selectTransitions())
    }
    this.#stopChildren()
  }

  #selectTransitions(): readonly Transition[] {
    return this.#machine.selectTransitions(this.configuration, this.step)
  }

  #selectEventlessTransitions(): readonly Transition[] {
    const { eventless } = this.configuration
    return eventless.length === 0 ? none : selectEventlessTransitions(eventless, this.step)
  }

  /** Answers whether there is another state now. */
  #microstep(enabled: readonly Transition[]): boolean {
    if (enabled.length === 0) return false
    return this.#take(this.#machine.planFor(this.configuration, enabled, this.step.historyValue))
  }

  #take(plan: MicrostepPlan): boolean {
    const { step } = this
    step.changed = plan.next !== undefined
    for (const op of plan.ops) op(step)
    if (plan.recorded !== undefined) step.historyValue = merged(step.historyValue, plan.recorded)
    if (plan.next !== undefined) {
      this.configuration = plan.next
      step.configuration = plan.next
    }
    if (plan.does) step.system.handled = true
    if (step.changed) this.changed = true
    return step.changed
  }

  #end(status: 'stopped' | 'error'): void {
    this.#stopChildren()
    this.step.status = status
    this.changed = true
  }

  #stopChildren(): void {
    for (const child of Object.values(this.step.children)) stopChildOp(child as never)(this.step)
  }
}

/** XState's words. */
function endless(iterationsMax: number): never {
  throw new Error(
    `Infinite loop detected: the machine has processed more than ${iterationsMax} microsteps without reaching a stable state. This usually happens when there's a cycle of transitions (e.g., eventless transitions or raised events causing state A -> B -> C -> A).`,
  )
}
