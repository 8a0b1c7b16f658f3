/**
 * Sets of active states, interned: actors in the same states share one object, with its value, its tags and
 * all that has been found out about what can happen in it.
 *
 * A configuration keeps the order in which its states became active, for that is the order in which XState
 * takes simultaneous transitions within a macrostep. Between macrosteps states are in document order: the
 * settled form, the only one an actor rests in.
 */
import { limits } from '../../actors/limits.js'
import { BoundedMap } from '../bounded-map.js'
import { assertLegalConfiguration } from '../xstate/configuration.js'
import type { AnyStateNode } from '../xstate/types.js'
import type { Op } from './running-step.js'
import type { Selector } from './select-transitions.js'
import type { ActiveStates, HistoryValue } from './state-tree.js'
import { type StateValue, stateValueOf } from './state-value.js'
import type { Transition } from './transition.js'

/** What taking certain transitions in a configuration comes to, whatever the actor. */
export interface MicrostepPlan {
  /** Exit actions, the transitions' own, entry actions, in the order they run. */
  readonly ops: readonly Op[]
  /** What the history states of the states it leaves recall from now on; undefined when there are none. */
  readonly recorded: HistoryValue | undefined
  /** The configuration afterwards; undefined when it stays. */
  readonly next: Configuration | undefined
  /** Whether a transition was taken that does something. */
  readonly does: boolean
}

export class Configuration implements ActiveStates {
  readonly nodes: readonly AnyStateNode[]
  readonly value: StateValue
  readonly tags: ReadonlySet<string>
  /** Selection programs by event type; the types a machine tells apart are few. */
  readonly selectors = new Map<string, Selector | undefined>()
  /** For each atomic state the eventless transitions to ask, from the inside out. */
  readonly eventless: readonly (readonly Transition[])[]
  readonly plans = new BoundedMap<Transition | string, MicrostepPlan>(limits.microstepPlansMax)
  settled: Configuration | undefined

  constructor(
    root: AnyStateNode,
    nodes: readonly AnyStateNode[],
    eventless: readonly (readonly Transition[])[],
  ) {
    this.nodes = Object.freeze(nodes)
    this.value = stateValueOf(root, nodes)
    this.tags = new Set(nodes.flatMap(node => node.tags as string[]))
    this.eventless = eventless
  }
}

/** The configurations of one machine. */
export class Configurations {
  readonly #root: AnyStateNode
  readonly #eventlessOf: (nodes: readonly AnyStateNode[]) => readonly (readonly Transition[])[]
  readonly #known = new BoundedMap<string, Configuration>(limits.configurationsMax)

  constructor(
    root: AnyStateNode,
    eventlessOf: (nodes: readonly AnyStateNode[]) => readonly (readonly Transition[])[],
  ) {
    this.#root = root
    this.#eventlessOf = eventlessOf
  }

  /** The configuration of these states, in this order. */
  of(nodes: readonly AnyStateNode[]): Configuration {
    const key = nodes.map(node => node.order).join()
    return (
      this.#known.get(key) ??
      this.#known.keep(key, new Configuration(this.#root, nodes, this.#eventlessOf(nodes)))
    )
  }

  /**
   * The same states in document order.
   * @throws Error when they are no legal configuration.
   */
  settled(configuration: Configuration): Configuration {
    configuration.settled ??= this.#settle(configuration)
    return configuration.settled
  }

  #settle({ nodes }: Configuration): Configuration {
    const inOrder = [...nodes].sort((one, other) => one.order - other.order)
    assertLegalConfiguration(this.#root, inOrder)
    const settled = this.of(inOrder)
    settled.settled = settled
    return settled
  }
}
