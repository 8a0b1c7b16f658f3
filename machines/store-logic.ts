/**
 * An `@xstate/store` as ActorLogic: context, a transition an event type, nothing else. It never ends, has no
 * timers and no children. What it emits is published; `enqueue.effect` functions run after the commit and
 * cannot send back into the store.
 *
 * Invariant: only event types the store itself declares are applied; `constructor` is not one of them.
 */
import { type AnyStore, createStore } from '@xstate/store'
import * as codec from '../actors/codec.js'
import type { ActorEvent } from '../actors/command.js'
import type { Effect } from '../actors/effect.js'
import { SetupError } from '../actors/errors.js'
import type { ActorLogic, StepContext } from '../actors/logic.js'
import { runDeterministically } from './deterministic-window.js'
import { isReservedType } from './reserved-events.js'
import { statelessSnapshot } from './transition-logic.js'

/** A store's snapshot; extensions may keep more in it than context. */
export interface StoreState {
  readonly context: unknown
}

/** A store's config as this room reads it: context or how to make it from the input, and transitions. */
export interface StoreShape {
  readonly context: unknown
  readonly on: Readonly<Record<string, unknown>>
}

type StoreEffect = ActorEvent | ((enqueue: object) => unknown)

/**
 * @throws SetupError `InvalidDefinition` when it is neither a store nor a store's config.
 */
export function storeLogic(store: AnyStore | StoreShape): ActorLogic<StoreState> {
  const { instance, contextOf } = opened(store)
  const types = new Set(Object.keys(instance.trigger))

  function apply(state: StoreState, event: ActorEvent, context: StepContext) {
    const [next, effects] = runDeterministically(context, () =>
      instance.transition(state as never, event as never),
    ) as unknown as [StoreState, StoreEffect[]]
    return { state: next, effects: effects.map(effect => effectOf(effect, next)), handled: true }
  }

  return {
    initial: (input, context) => {
      const made = runDeterministically(context, () => contextOf(input))
      return { state: { ...instance.getInitialSnapshot(), context: made }, effects: [], handled: true }
    },
    step: (state, stimulus, context) => {
      const own = stimulus.type === 'event' && types.has(stimulus.event.type)
      if (!own || isReservedType(stimulus.event.type)) return { state, effects: [], handled: false }
      return apply(state, stimulus.event, context)
    },
    status: () => 'active',
    encode: state => codec.encode(state),
    decode: bytes => codec.decode(bytes) as StoreState,
    snapshot: statelessSnapshot,
    source: () => undefined,
    canonical: state => state,
  }
}

function opened(store: AnyStore | StoreShape): { instance: AnyStore; contextOf(input: unknown): unknown } {
  if (isStore(store))
    return { instance: store, contextOf: () => codec.normalise(store.getInitialSnapshot().context) }
  if (typeof store !== 'object' || store === null || typeof store.on !== 'object')
    throw new SetupError(
      'InvalidDefinition',
      'store: expected createStore(…), or a config { context, on } (for createStoreLogic, its config)',
    )
  const { context } = store
  // The initial context is computed per actor; the store itself is only asked for transitions.
  const instance = createStore({ ...store, context: {} } as never) as AnyStore
  if (typeof context === 'function') return { instance, contextOf: input => context(input) }
  return { instance, contextOf: () => codec.normalise(context) }
}

function isStore(store: AnyStore | StoreShape): store is AnyStore {
  return typeof (store as AnyStore | undefined)?.transition === 'function'
}

function effectOf(effect: StoreEffect, after: StoreState): Effect {
  if (typeof effect !== 'function') return { type: 'publish', event: effect }
  const cannotSend = () => {
    throw new Error('enqueue.effect runs after the commit and cannot send back: send a command to the actor')
  }
  const trigger = new Proxy({}, { get: () => cannotSend })
  return {
    type: 'act',
    name: 'effect',
    run: () => effect({ send: cannotSend, trigger, getSnapshot: () => after }),
  }
}
