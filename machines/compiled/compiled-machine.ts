/**
 * A machine compiled: its states, its configurations, and for each configuration the programs and plans that
 * were asked for so far.
 */
import { limits } from '../../actors/limits.js'
import { BoundedMap } from '../bounded-map.js'
import type { AnyStateMachine, AnyStateNode } from '../xstate/types.js'
import { type CompiledStates, compileStates } from './compiled-states.js'
import { type Configuration, Configurations, type MicrostepPlan } from './configuration.js'
import type { GuardScope } from './guards.js'
import { initialMicrostep, microstep, type Planner } from './microstep-plan.js'
import {
  candidates,
  eventlessOf,
  matchesWildcard,
  none,
  selectorFor,
  selectTransitions,
} from './select-transitions.js'
import { childrenOf, type HistoryValue, initialStates } from './state-tree.js'
import type { Transition } from './transition.js'

export class CompiledMachine implements Planner {
  readonly machine: AnyStateMachine
  readonly root: AnyStateNode
  readonly states: CompiledStates
  readonly configurations: Configurations
  /** Where an actor is before it enters anything. */
  readonly before: Configuration
  readonly iterationsMax: number
  /** Event types that some state names. */
  readonly #named: ReadonlySet<string>
  readonly #wildcards: readonly string[]
  readonly #byValue = new BoundedMap<string, Configuration>(limits.configurationsMax)
  #initialPlan: MicrostepPlan | undefined

  constructor(machine: AnyStateMachine) {
    this.machine = machine
    this.root = machine.root
    const nodes = withBelow(machine.root)
    this.states = compileStates(machine, nodes)
    this.configurations = new Configurations(this.root, active => eventlessOf(this.states, active))
    this.before = this.configurations.of([this.root])
    this.iterationsMax = machine.options.maxIterations ?? Number.POSITIVE_INFINITY
    this.#named = new Set([...this.states.values()].flatMap(({ on }) => [...on.keys()]))
    this.#wildcards = [...this.#named].filter(descriptor => descriptor.endsWith('*'))
  }

  initialPlan(): MicrostepPlan {
    this.#initialPlan ??= initialMicrostep(this, this.before, initialStates(this.root))
    return this.#initialPlan
  }

  configurationOf = (nodes: readonly AnyStateNode[]): Configuration => this.configurations.of(nodes)

  selectTransitions(configuration: Configuration, scope: GuardScope): readonly Transition[] {
    const { selectors } = configuration
    const type = this.#typeFor(scope.event.type)
    let selector = selectors.get(type)
    if (selector === undefined && !selectors.has(type)) {
      const of = (node: AnyStateNode) => candidates(this.states.get(node)!.on, scope.event.type)
      selector = selectorFor(this.root, configuration.value, of)
      selectors.set(type, selector)
    }
    return selector === undefined ? none : selectTransitions(selector, scope)
  }

  /**
   * What stands for a type: itself when a state names it, else the wildcards that match it. So an open set of
   * types leaves nothing behind.
   */
  #typeFor(type: string): string {
    if (this.#named.has(type)) return type
    const matching = this.#wildcards.filter(descriptor => matchesWildcard(type, descriptor))
    return `\0${matching.join('\0')}`
  }

  planFor(
    configuration: Configuration,
    enabled: readonly Transition[],
    history: HistoryValue,
  ): MicrostepPlan {
    const { plans } = configuration
    const [first] = enabled as readonly [Transition]
    const key = enabled.length === 1 && !first.recalls ? first : planKey(enabled, history)
    return plans.get(key) ?? plans.keep(key, microstep(this, configuration, enabled, history))
  }

  /** The settled configuration of a stored value, which `nodesOf` makes from it when it was not met before. */
  configurationAt(value: unknown, nodesOf: () => readonly AnyStateNode[]): Configuration {
    const key = JSON.stringify(value)
    const known = this.#byValue.get(key)
    if (known !== undefined) return known
    return this.#byValue.keep(key, this.configurations.settled(this.configurations.of(nodesOf())))
  }
}

function planKey(enabled: readonly Transition[], history: HistoryValue): string {
  const numbers = enabled.map(({ number }) => number).join()
  if (!enabled.some(({ recalls }) => recalls)) return numbers
  const recalled = Object.entries(history).map(
    ([id, nodes]) => `${id}=${nodes.map(node => node.order).join()}`,
  )
  return `${numbers} ${recalled.join()}`
}

function withBelow(node: AnyStateNode): AnyStateNode[] {
  return [node, ...childrenOf(node).flatMap(withBelow)]
}
