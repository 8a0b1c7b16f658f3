/**
 * An XState machine as ActorLogic: the compiled executor. What the reference executor has XState compute, this
 * does by plans made once; nothing is cloned, no actor is created, effects are appended as actions run.
 *
 * Invariants: state, effects, errors, stored bytes and what user code is called with are those of the reference
 * executor (machines/xstate-logic), so either can go on with what the other stored.
 */
import type { ActorEvent } from '../../actors/command.js'
import type { ActorLogic, ActorSnapshot, Source, Step, StepContext, Stimulus } from '../../actors/logic.js'
import { closeWindow, openWindow } from '../deterministic-window.js'
import { isReservedType } from '../reserved-events.js'
import { effectsOf } from '../xstate/effects.js'
import { inertMachine } from '../xstate/inert-machine.js'
import { SelfReference } from '../xstate/references.js'
import { type Release, releaseNewborns, unchanged } from '../xstate/release-newborns.js'
import { sourcesOf } from '../xstate/sources.js'
import { stimulusEvent } from '../xstate/stimulus-event.js'
import {
  canonicalSnapshot,
  encodeSnapshot,
  historyNodes,
  readStored,
  restoring,
  revive,
  storedNodes,
} from '../xstate/stored-state.js'
import { StepSystem } from '../xstate/system.js'
import type { AnyStateMachine, OpenSnapshot } from '../xstate/types.js'
import { assignOp } from './actions/assign.js'
import { CompiledMachine } from './compiled-machine.js'
import { configurationOf, MachineState } from './machine-state.js'
import { Macrostep } from './macrostep.js'
import { type Op, RunningStep } from './running-step.js'

const none: readonly never[] = []

type Blank = Pick<OpenSnapshot, 'context' | 'children'> & Pick<MachineState, 'historyValue'>

export class CompiledLogic implements ActorLogic<MachineState> {
  readonly #compiled: CompiledMachine
  readonly #sources: ReadonlyMap<string, Source>
  readonly #system: StepSystem
  /** Makes an actor's first context. */
  readonly #makeContext: Op | undefined
  readonly #isTask = (src: string): boolean => (this.#sources.get(src)?.kind ?? 'child') !== 'child'

  /** @throws SetupError `InvalidDefinition` for invoked or spawned logic without a durable form. */
  constructor(original: AnyStateMachine, logicOf: (machine: AnyStateMachine) => ActorLogic) {
    const { machine, logics } = inertMachine(original)
    this.#compiled = new CompiledMachine(machine)
    this.#sources = sourcesOf(machine.id, logics, logicOf)
    this.#system = new StepSystem(machine.id)
    this.#makeContext = contextOp(machine)
  }

  initial(input: unknown, context: StepContext): Step<MachineState> {
    const event = { type: 'xstate.init', input }
    const blank: Blank = { context: {}, children: {}, historyValue: {} }
    return this.#step(undefined, event, context, blank, this.#compiled.before, taken => {
      this.#makeContext?.(taken.step)
      taken.initialMacrostep()
    })
  }

  step(state: MachineState, stimulus: Stimulus, context: StepContext): Step<MachineState> {
    const ignored = stimulus.type === 'event' && isReservedType(stimulus.event.type)
    if (state.status !== 'active' || ignored) return { state, effects: none, handled: false }
    return this.#step(state, stimulusEvent(stimulus), context, state, configurationOf(state), macrostep)
  }

  status(state: MachineState): OpenSnapshot['status'] {
    return state.status
  }

  encode(state: MachineState): Uint8Array {
    return encodeSnapshot(state)
  }

  decode(bytes: Uint8Array): MachineState {
    const { value, context, rest } = readStored(bytes)
    const { machine } = this.#compiled
    const historyValue = restoring(machine, value, () => historyNodes(machine, rest.history))
    const configuration = this.#compiled.configurationAt(value, () =>
      restoring(machine, value, () => storedNodes(machine, value)),
    )
    const parts = {
      status: 'active',
      context,
      children: {},
      historyValue,
      output: undefined,
      error: undefined,
    } as const
    return revive(new MachineState(this.#compiled, configuration, parts), context, rest)
  }

  snapshot(state: MachineState): ActorSnapshot {
    return state as ActorSnapshot
  }

  source(src: string): Source | undefined {
    return this.#sources.get(src)
  }

  canonical(state: MachineState): unknown {
    return canonicalSnapshot(state)
  }

  #step(
    before: MachineState | undefined,
    event: ActorEvent,
    context: StepContext,
    from: Blank,
    configuration: ReturnType<typeof configurationOf>,
    run: (taken: Macrostep) => void,
  ): Step<MachineState> {
    const system = this.#system
    const self = new SelfReference(context.self, context.parent, system)
    const step = new RunningStep(event, self, system, from, configuration)
    const taken = new Macrostep(this.#compiled, step, configuration)
    system.begin(context, self, before)
    const window = openWindow(context)
    try {
      run(taken)
    } finally {
      closeWindow(window)
      system.end()
    }
    return this.#settled(before, taken, context)
  }

  /** Makes a state of what the step came to, and its effects. */
  #settled(before: MachineState | undefined, taken: Macrostep, { self }: StepContext): Step<MachineState> {
    const system = this.#system
    let state = before
    let release: Release = unchanged
    if (before === undefined || taken.changed) {
      const configuration = this.#compiled.configurations.settled(taken.configuration)
      state = new MachineState(this.#compiled, configuration, taken.step)
      release = releaseNewborns(system.noted, before, state, self)
    }
    const next = state as MachineState
    const handled = system.handled || (next !== before && next.status === 'error')
    if (system.noted.length === 0) return { state: next, effects: none, handled }
    const children = before === undefined ? none : Object.keys(before.children)
    const machineId = this.#compiled.machine.id
    const effects = effectsOf({ machineId, self, system, children, isTask: this.#isTask, release })
    return { state: next, effects, handled }
  }
}

function macrostep(taken: Macrostep): void {
  taken.macrostep()
}

/** XState makes a first context as an `assign` would. */
function contextOp(machine: AnyStateMachine): Op | undefined {
  const { context } = machine.config as { context?: unknown }
  if (typeof context !== 'function') return undefined
  return assignOp(machine, ({ spawn, event, self }) =>
    context({ spawn, input: (event as { input?: unknown }).input, self }),
  )
}
