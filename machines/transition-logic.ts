/**
 * `fromTransition` logic as ActorLogic: a reducer over one context. It never ends, has no timers and no
 * children; what it emits is published.
 */

import * as codec from '../actors/codec.js'
import { normalise } from '../actors/codec.js'
import type { ActorEvent } from '../actors/command.js'
import type { Effect } from '../actors/effect.js'
import type { ActorLogic, ActorSnapshot, StepContext } from '../actors/logic.js'
import { Reference } from '../actors/reference.js'
import { runDeterministically } from './deterministic-window.js'
import type { LogicShape } from './logic-kind.js'
import { isReservedType } from './reserved-events.js'

interface ReducerState {
  readonly context: unknown
}

/** What the reducer is given besides context and event, as far as it has a meaning here. */
function scopeOf(context: StepContext, effects: Effect[]) {
  return {
    self: new Reference(context.self),
    id: context.self,
    emit: (event: ActorEvent) => effects.push({ type: 'publish', event }),
  }
}

export function transitionLogic(logic: LogicShape): ActorLogic<ReducerState> {
  return {
    initial(input, context) {
      const effects: Effect[] = []
      const first = runDeterministically(context, () =>
        logic.getInitialSnapshot(scopeOf(context, effects), input),
      ) as ReducerState
      // A static first context would be one object in all actors.
      return { state: { context: normalise(first.context) }, effects, handled: true }
    },

    step(state, stimulus, context) {
      if (stimulus.type !== 'event' || isReservedType(stimulus.event.type))
        return { state, effects: [], handled: false }
      const effects: Effect[] = []
      const next = runDeterministically(context, () =>
        logic.transition(state, stimulus.event, scopeOf(context, effects)),
      ) as ReducerState
      return { state: { context: next.context }, effects, handled: true }
    },

    status: () => 'active',
    encode: state => codec.encode(state.context),
    decode: bytes => ({ context: codec.decode(bytes) }),
    snapshot: statelessSnapshot,
    source: () => undefined,
    canonical: state => state.context,
  }
}

/** How people see a state that is a context and nothing more. */
export function statelessSnapshot(state: { readonly context: unknown }): ActorSnapshot {
  return {
    value: {},
    context: state.context,
    status: 'active',
    output: undefined,
    error: undefined,
    tags: new Set(),
  }
}
