/**
 * The states, transitions, actions and guards of a machine, each with the place a message names.
 */
import { type AnyStateMachine, type AnyStateNode, statesById } from '../xstate/types.js'

export interface TransitionPart {
  readonly target: readonly AnyStateNode[] | undefined
  readonly actions: readonly unknown[]
  readonly guard: unknown
}

/** An action of XState's own: a function that carries what it was made from. */
export interface BuiltinAction {
  readonly type: string
  readonly resolve: unknown
  readonly id?: unknown
  readonly src?: unknown
  readonly systemId?: unknown
  readonly delay?: unknown
}

export interface Placed<Part> {
  readonly place: string
  readonly part: Part
}

export function statesOf(machine: AnyStateMachine): readonly AnyStateNode[] {
  return [...statesById(machine).values()]
}

export function placeOf(node: AnyStateNode): string {
  return `state '${node.id}'`
}

function transitionsOf(node: AnyStateNode): readonly Placed<TransitionPart>[] {
  const ofEvents = [...(node.transitions as Map<string, readonly TransitionPart[]>)]
  const eventless = (node.always ?? []) as unknown as readonly TransitionPart[]
  return [...ofEvents, ['always', eventless] as const].flatMap(([on, parts]) =>
    parts.map(part => ({ place: `${placeOf(node)} on '${on}'`, part })),
  )
}

/** All actions, those behind a name in their implementation too; names without one as they are. */
export function actionsOf(machine: AnyStateMachine): readonly Placed<unknown>[] {
  const direct = statesOf(machine).flatMap(node => {
    const initial = node.type === 'compound' ? (node.initial.actions as readonly unknown[]) : []
    return [
      ...placed(`${placeOf(node)} entry`, node.entry),
      ...placed(`${placeOf(node)} exit`, node.exit),
      ...placed(`${placeOf(node)} initial`, initial),
      ...transitionsOf(node).flatMap(({ place, part }) => placed(place, part.actions)),
    ]
  })
  return direct.map(({ place, part }) => ({ place, part: implementationOf(machine, part) ?? part }))
}

export function guardsOf(machine: AnyStateMachine): readonly Placed<unknown>[] {
  return statesOf(machine).flatMap(node =>
    transitionsOf(node)
      .filter(({ part }) => part.guard !== undefined)
      .map(({ place, part }) => ({ place, part: part.guard })),
  )
}

/** The name by which an action or a guard refers to its implementation; undefined for an inline one. */
export function nameOf(part: unknown): string | undefined {
  if (typeof part === 'string') return part
  if (typeof part === 'object' && part !== null) return (part as { type: string }).type
  return undefined
}

export function isBuiltin(action: unknown): action is BuiltinAction {
  return typeof action === 'function' && 'resolve' in action
}

function implementationOf(machine: AnyStateMachine, action: unknown): unknown {
  const name = nameOf(action)
  return name === undefined ? action : (machine.implementations.actions as Record<string, unknown>)[name]
}

function placed(place: string, parts: readonly unknown[]): readonly Placed<unknown>[] {
  return parts.map(part => ({ place, part }))
}
