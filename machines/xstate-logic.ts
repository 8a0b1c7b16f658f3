/**
 * An XState machine as ActorLogic: the reference executor. Each step is XState's own `transition` over one
 * reused scope; nothing is started, sent or awaited, what the machine wants done comes back as effects.
 *
 * Invariants: no child's code runs in its parent's step; ids come from the entry's number; states are in
 * document order, so a restored actor behaves as the live one. `handled` is what XState's `can` would have
 * said, or true when an eventless or raised transition followed, or when an unhandled error ended the machine:
 * a forbidden event (`on: { X: undefined }` or `{}`) is not handled, a wildcard handles.
 */

import type { Address } from '../actors/address.js'
import type { ActorEvent } from '../actors/command.js'
import type { ActorLogic, ActorSnapshot, Source, Step, StepContext, Stimulus } from '../actors/logic.js'
import { closeWindow, openWindow } from './deterministic-window.js'
import { isReservedType } from './reserved-events.js'
import { settleConfiguration } from './xstate/configuration.js'
import { effectsOf } from './xstate/effects.js'
import { inertMachine } from './xstate/inert-machine.js'
import { ChildReference, SelfReference } from './xstate/references.js'
import { replaceReferences } from './xstate/replace-references.js'
import { sourceOf } from './xstate/sources.js'
import { canonicalSnapshot, decodeSnapshot, encodeSnapshot } from './xstate/stored-state.js'
import { StepSystem } from './xstate/system.js'
import {
  type AnyStateMachine,
  type BornActor,
  home,
  type ListedAction,
  type OpenSnapshot,
} from './xstate/types.js'

const made = new WeakMap<AnyStateMachine, ActorLogic>()

/**
 * The logic of a machine; the same machine gives the same logic.
 * @throws SetupError `InvalidDefinition` for invoked or spawned logic without a durable form.
 */
export function machineLogic(machine: AnyStateMachine): ActorLogic {
  const known = made.get(machine)
  if (known !== undefined) return known
  const logic = new XStateLogic(machine) as ActorLogic
  made.set(machine, logic)
  return logic
}

class XStateLogic implements ActorLogic<OpenSnapshot> {
  readonly #machine: AnyStateMachine
  readonly #sources: ReadonlyMap<string, Source>
  readonly #system: StepSystem
  readonly #scope: Scope

  constructor(original: AnyStateMachine) {
    const { machine, logics } = inertMachine(original)
    this.#machine = machine
    this.#sources = new Map(
      [...logics].map(([src, logic]) => [src, sourceOf(machine.id, src, logic, machineLogic)]),
    )
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
    const event = eventOf(stimulus)
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
    const release = next === before ? unchanged : this.#settleSnapshot(before, next, self)
    const isTask = (src: string) => (this.#sources.get(src)?.kind ?? 'child') !== 'child'
    const children = Object.keys(before?.children ?? {})
    const effects = effectsOf({ machineId: this.#machine.id, self, system, children, isTask, release })
    return { state: next, effects, handled }
  }

  /**
   * What XState made to stand for children gives way to references. Answers how to do the same to the values
   * in effects, where the machine may have put a child that `spawn()` gave it.
   */
  #settleSnapshot(before: OpenSnapshot | undefined, next: OpenSnapshot, self: Address): Release {
    if (before === undefined || next._nodes !== before._nodes) settleConfiguration(next)
    const references = new Map<object, ChildReference>()
    const named = new Set<unknown>()
    for (const noted of this.#system.noted)
      if (noted.kind === 'birth')
        references.set(noted.actor, new ChildReference(self, noted.actor.id, String(noted.actor.src)))
      else if (noted.action.type === 'xstate.spawnChild')
        named.add((noted.action.params as { actorRef: BornActor }).actorRef)
    if (references.size > 0 || before?.[home] !== undefined) next[home] = self
    const release: Release = value => replaceReferences(value, found => references.get(found))
    if (references.size > 0) next.children = release(next.children)
    if (next.status !== 'active') next.children = {}
    if ([...references.keys()].every(actor => named.has(actor))) return unchanged
    next.context = release(next.context)
    next.output = release(next.output)
    return release
  }
}

type Release = <Value>(value: Value) => Value

const unchanged: Release = value => value

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

function eventOf(stimulus: Stimulus): ActorEvent {
  switch (stimulus.type) {
    case 'done':
      return { type: `xstate.done.actor.${stimulus.id}`, output: stimulus.output, actorId: stimulus.id }
    case 'error':
      return { type: `xstate.error.actor.${stimulus.id}`, error: stimulus.error, actorId: stimulus.id }
    case 'snapshot':
      return { type: `xstate.snapshot.${stimulus.id}`, snapshot: stimulus.snapshot }
    default:
      return stimulus.event
  }
}
