/**
 * An actor's state as the compiled executor keeps it, which is also the snapshot people get: it answers what
 * XState's snapshots answer, and XState's own functions take it for one.
 */
import { type AnyStateMachine, matchesState, type StateValue } from 'xstate'
import type { ActorEvent } from '../../actors/command.js'
import { type AnyStateNode, home, type OpenSnapshot } from '../xstate/types.js'
import type { CompiledMachine } from './compiled-machine.js'
import type { Configuration } from './configuration.js'
import type { HistoryValue } from './state-tree.js'

const active: unique symbol = Symbol('perdure.configuration')
const compiled: unique symbol = Symbol('perdure.machine')

/** What a state holds besides its configuration. */
export interface StateParts {
  readonly status: OpenSnapshot['status']
  readonly context: unknown
  readonly children: Record<string, unknown>
  readonly historyValue: HistoryValue
  readonly output: unknown
  readonly error: unknown
}

/** The configuration an actor rests in. */
export function configurationOf(state: MachineState): Configuration {
  return state[active]
}

export class MachineState implements OpenSnapshot {
  status: OpenSnapshot['status']
  output: unknown
  error: unknown
  context: unknown
  value: unknown
  tags: ReadonlySet<string>
  children: Record<string, unknown>
  historyValue: HistoryValue
  readonly machine: AnyStateMachine
  readonly _nodes: AnyStateNode[];
  [home]: string | undefined
  readonly [active]: Configuration
  readonly [compiled]: CompiledMachine

  constructor(machine: CompiledMachine, configuration: Configuration, parts: StateParts) {
    this.status = parts.status
    this.output = parts.output
    this.error = parts.error
    this.context = parts.context
    this.value = configuration.value
    this.tags = configuration.tags
    this.children = parts.children
    this.historyValue = parts.historyValue
    this.machine = machine.machine
    this._nodes = configuration.nodes as AnyStateNode[]
    this[home] = undefined
    this[active] = configuration
    this[compiled] = machine
  }

  matches(partial: StateValue): boolean {
    return matchesState(partial, this.value as StateValue)
  }

  hasTag(tag: string): boolean {
    return this.tags.has(tag)
  }

  /** Whether the event has a transition that does something. Asks guards. */
  can(event: ActorEvent): boolean {
    const scope = { context: this.context, event, configuration: this[active] }
    return this[compiled].selectTransitions(this[active], scope).some(({ does }) => does)
  }

  getMeta(): Record<string, unknown> {
    const withMeta = this[active].nodes.filter(({ meta }) => meta !== undefined)
    return Object.fromEntries(withMeta.map(({ id, meta }) => [id, meta]))
  }

  toJSON(): object {
    const { status, output, error, context, value, tags, children, historyValue } = this
    return { status, output, error, context, value, tags: [...tags], children, historyValue }
  }
}
