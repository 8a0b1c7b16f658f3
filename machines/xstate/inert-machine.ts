/**
 * A copy of a machine that only computes: its children are stand-ins, its microsteps are bounded, its static
 * context is each actor's own, and an open set of event types leaves nothing behind. Everything else is the
 * user's config and implementations, untouched.
 */
import { type AnyActorLogic, StateMachine } from 'xstate'
import { normalise } from '../../actors/codec.js'
import { limits } from '../../actors/limits.js'
import { standIn } from './stand-in.js'
import { type AnyStateMachine, type AnyStateNode, type SelectingNode, statesById } from './types.js'

/** An invocation as a config has it. */
interface InvokeConfig {
  readonly src: unknown
}

export interface InertMachine {
  readonly machine: AnyStateMachine
  /** What each `src` in the machine's effects stands for: the logic the user gave. */
  readonly logics: ReadonlyMap<string, AnyActorLogic>
}

export function inertMachine(original: AnyStateMachine): InertMachine {
  const logics = new Map<string, AnyActorLogic>(
    Object.entries(original.implementations.actors as Record<string, AnyActorLogic>),
  )
  const actors = Object.fromEntries([...logics.keys()].map(src => [src, standIn()]))
  const config = {
    ...rewritten(original.root, logics),
    ...ownContext(original.config.context),
    options: { ...original.config.options, maxIterations: microstepsMax(original) },
  }
  const machine: AnyStateMachine = new StateMachine(config as never, {
    ...original.implementations,
    actors: actors as never,
  })
  for (const node of statesById(machine).values()) forgetStrangers(node)
  return { machine, logics }
}

/** A state's config with inline invoked logic replaced by stand-ins, all the way down. */
function rewritten(node: AnyStateNode, logics: Map<string, AnyActorLogic>): Record<string, unknown> {
  const config: Record<string, unknown> = { ...node.config }
  if (node.config.invoke !== undefined)
    config.invoke = invokesOf(node).map((invoke, index) => {
      if (typeof invoke.src === 'string') return invoke
      // XState's own name for an inline source.
      logics.set((node.invoke[index] as { src: string }).src, invoke.src as AnyActorLogic)
      return { ...invoke, src: standIn() }
    })
  if (node.config.states !== undefined)
    config.states = Object.fromEntries(
      Object.entries(node.states as Record<string, AnyStateNode>).map(([key, child]) => [
        key,
        rewritten(child, logics),
      ]),
    )
  return config
}

/** The invocations in a state's config, as an array. */
function invokesOf(node: AnyStateNode): readonly InvokeConfig[] {
  const { invoke } = node.config
  if (invoke === undefined) return []
  return (Array.isArray(invoke) ? invoke : [invoke]) as readonly InvokeConfig[]
}

/** A static context would be one object in all actors of the machine. */
function ownContext(context: unknown): object {
  if (context === undefined || typeof context === 'function') return {}
  return { context: () => normalise(context) }
}

function microstepsMax(machine: AnyStateMachine): number {
  return Math.min(machine.options.maxIterations ?? limits.microstepsMax, limits.microstepsMax)
}

/**
 * A state node remembers its candidate transitions for every event type it ever saw. For types that no
 * transition names, it is asked through a throw-away heir, and what it remembers goes with that.
 */
function forgetStrangers(state: AnyStateNode): void {
  const node = state as AnyStateNode & SelectingNode
  const select = node.next
  const { transitions } = node
  node.next = (snapshot, event) =>
    select.call(transitions.has(event.type) ? node : Object.create(node), snapshot, event)
}
