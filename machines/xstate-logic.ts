/**
 * An XState machine as ActorLogic: the reference executor. Each step is XState's own `transition` over one
 * reused scope; nothing is started, sent or awaited, what the machine wants done comes back as effects.
 *
 * Invariants: no child's code runs in its parent's step; ids come from the entry's number; states are in
 * document order, so a restored actor behaves as the live one. `handled` is what XState's `can` would have
 * said, or true when an eventless or raised transition followed, or when an unhandled error ended the machine:
 * a forbidden event (`on: { X: undefined }` or `{}`) is not handled, a wildcard handles.
 */

import type { ActorLogic, ActorSnapshot, Source, Step, StepContext, Stimulus } from '../actors/logic.js'
import { closeWindow, openWindow } from './deterministic-window.js'
import { isReservedType } from './reserved-events.js'
import { settleConfiguration } from './xstate/configuration.js'
import { effectsOf } from './xstate/effects.js'
import { inertMachine } from './xstate/inert-machine.js'
import { SelfReference } from './xstate/references.js'
import { type Release, releaseNewborns, unchanged } from './xstate/release-newborns.js'
import { sourcesOf } from './xstate/sources.js'
import { stimulusEvent } from './xstate/stimulus-event.js'
import { canonicalSnapshot, decodeSnapshot, encodeSnapshot } from './xstate/stored-state.js'
import { StepSystem } from './xstate/system.js'
import type { AnyStateMachine, ListedAction, OpenSnapshot } from './xstate/types.js'

export class ReferenceLogic implements ActorLogic<OpenSnapshot> {
  readonly #machine: AnyStateMachine
  readonly #sources: ReadonlyMap<string, Source>
  readonly #system: StepSystem
  readonly #scope: Scope

  /** @throws SetupError `InvalidDefinition` for invoked or spawned logic without a durable form. */
  constructor(original: AnyStateMachine, logicOf: (machine: AnyStateMachine) => ActorLogic) {
    const { machine, logics } = inertMachine(original)
    this.#machine = machine
    this.#sources = sourcesOf(machine.id, logics, logicOf)
    this.#system = new StepSystem(machine.id)
    this.#scope = scopeOver(this.#system)
  }

  initial(input: unknown, context: StepContext): Step<OpenSnapshot> {
    const next = this.#compute(undefined, context, scope =>
      this.#machine.getInitialSnapshot(scope as never, input),
    )
    // XState catches what user code throws here.
    if (next.status === 'error') throw next.error
    return this.#settled(undefined, next, context)
  }

  step(state: OpenSnapshot, stimulus: Stimulus, context: StepContext): Step<OpenSnapshot> {
    const ignored = stimulus.type === 'event' && isReservedType(stimulus.event.type)
    if (state.status !== 'active' || ignored) return { state, effects: [], handled: false }
    const event = stimulusEvent(stimulus)
    const next = this.#compute(state, context, scope =>
      this.#machine.transition(state as never, event, scope as never),
    )
    return this.#settled(state, next, context)
  }

  status(state: OpenSnapshot): OpenSnapshot['status'] {
    return state.status
  }

  encode(state: OpenSnapshot): Uint8Array {
    return encodeSnapshot(state)
  }

  decode(bytes: Uint8Array): OpenSnapshot {
    return decodeSnapshot(this.#machine, bytes)
  }

  snapshot(state: OpenSnapshot): ActorSnapshot {
    return state
  }

  source(src: string): Source | undefined {
    return this.#sources.get(src)
  }

  canonical(state: OpenSnapshot): unknown {
    return canonicalSnapshot(state)
  }

  #compute(
    before: OpenSnapshot | undefined,
    context: StepContext,
    run: (scope: Scope) => unknown,
  ): OpenSnapshot {
    const self = new SelfReference(context.self, context.parent, this.#system)
    this.#scope.self = self
    this.#system.begin(context, self, before)
    const window = openWindow(context)
    try {
      return run(this.#scope) as OpenSnapshot
    } finally {
      closeWindow(window)
      this.#system.end()
    }
  }

  /** Makes of what XState computed a state of ours and the step's effects. The fresh snapshot is nobody else's yet. */
  #settled(before: OpenSnapshot | undefined, next: OpenSnapshot, { self }: StepContext): Step<OpenSnapshot> {
    const system = this.#system
    const handled = system.handled || (next !== before && next.status === 'error')
    let release: Release = unchanged
    if (next !== before) {
      if (next._nodes !== before?._nodes) settleConfiguration(next)
      release = releaseNewborns(system.noted, before, next, self)
    }
    const isTask = (src: string) => (this.#sources.get(src)?.kind ?? 'child') !== 'child'
    const children = Object.keys(before?.children ?? {})
    const effects = effectsOf({ machineId: this.#machine.id, self, system, children, isTask, release })
    return { state: next, effects, handled }
  }
}

interface Scope {
  self: SelfReference | undefined
  readonly system: StepSystem
  [other: string]: unknown
}

function scopeOver(system: StepSystem): Scope {
  const nothing = () => {}
  return {
    self: undefined,
    id: '',
    sessionId: '',
    system,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: (action: ListedAction) => {
      system.noted.push({ kind: 'action', action })
    },
  }
}
