/**
 * Steps a machine by hand: one actor, `thing/one`, child of `boss/b`, one second between entries.
 */
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { Effect } from '../../actors/effect.js'
import type { ActorLogic, Step, StepContext, Stimulus } from '../../actors/logic.js'
import { machineLogic } from '../../machines/index.js'

export type MachineStep = Step<unknown> & { readonly state: AnyMachineSnapshot }

export class Stepper {
  readonly logic: ActorLogic
  readonly parent: string | undefined
  last: MachineStep
  seq = 1

  constructor(machine: AnyStateMachine, input?: unknown, parent: string | undefined = 'boss/b') {
    this.logic = machineLogic(machine)
    this.parent = parent
    this.last = this.logic.initial(input, this.context()) as MachineStep
  }

  get state(): AnyMachineSnapshot {
    return this.last.state
  }

  get effects(): readonly Effect[] {
    return this.last.effects
  }

  context(): StepContext {
    return { self: 'thing/one', parent: this.parent, seq: this.seq, at: this.seq * 1000, seed: this.seq }
  }

  take(stimulus: Stimulus): readonly Effect[] {
    this.seq++
    this.last = this.logic.step(this.state, stimulus, this.context()) as MachineStep
    return this.effects
  }

  send(type: string, fields: object = {}): readonly Effect[] {
    return this.take({ type: 'event', event: { type, ...fields } })
  }

  /** What a restart does. */
  restore(): void {
    this.last = {
      ...this.last,
      state: this.logic.decode(this.logic.encode(this.state)) as AnyMachineSnapshot,
    }
  }
}

/** The effects of a machine's first step. */
export function firstEffects(machine: AnyStateMachine, input?: unknown): readonly Effect[] {
  return new Stepper(machine, input).effects
}
