/**
 * Steps a machine by hand: one actor, `thing/one`, child of `boss/b`, one second between entries. Under
 * either executor: what a machine does must not depend on it.
 */
import { before, suite } from 'node:test'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { Effect } from '../../actors/effect.js'
import type { ActorLogic, Step, StepContext, Stimulus } from '../../actors/logic.js'
import { machineLogic, referenceLogic } from '../../machines/index.js'

export const executors = { compiled: machineLogic, reference: referenceLogic } as const

let current: (machine: AnyStateMachine) => ActorLogic = machineLogic

/** Defines tests once for each executor; steppers in them use it. */
export function underEither(define: (of: typeof machineLogic) => void): void {
  for (const [name, of] of Object.entries(executors))
    suite(`${name} executor`, () => {
      before(() => {
        current = of
      })
      define(of)
    })
}

/** The logic of a machine under the executor whose tests run. */
export function logicOf(machine: AnyStateMachine): ActorLogic {
  return current(machine)
}

export type MachineStep = Step<unknown> & { readonly state: AnyMachineSnapshot }

export class Stepper {
  readonly logic: ActorLogic
  readonly parent: string | undefined
  last: MachineStep
  seq = 1

  constructor(machine: AnyStateMachine, input?: unknown, parent: string | undefined = 'boss/b') {
    this.logic = logicOf(machine)
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
