/**
 * What the logic named by a machine's invocations stands for, and what is refused because nothing could bring
 * it back after a restart.
 */
import type { AnyActorLogic } from 'xstate'
import { SetupError } from '../../actors/errors.js'
import type { ActorLogic, Source } from '../../actors/logic.js'
import { isMachine, kindOf, type LogicShape } from '../logic-kind.js'
import { promiseSource } from '../promise-source.js'
import { sourceTag } from '../source-tag.js'
import { transitionLogic } from '../transition-logic.js'
import type { AnyStateMachine } from './types.js'

interface Refusal {
  readonly what: string
  readonly instead: string
}

const refusals: Readonly<Record<string, Refusal>> = {
  callback: {
    what: 'a callback',
    instead: 'use activity() (emit and heartbeat while it runs), or let the outside send events to the actor',
  },
  observable: {
    what: 'an observable',
    instead: 'use activity() to read a source, or let the outside send each value as an event',
  },
}

const stranger: Refusal = {
  what: 'logic of an unknown kind',
  instead: 'use activity(), asks(), each(), a machine, fromTransition, or the machine of a store definition',
}

/** All that a machine's invocations name. */
export function sourcesOf(
  machineId: string,
  logics: ReadonlyMap<string, AnyActorLogic>,
  machineLogic: (machine: AnyStateMachine) => ActorLogic,
): ReadonlyMap<string, Source> {
  return new Map([...logics].map(([src, logic]) => [src, sourceOf(machineId, src, logic, machineLogic)]))
}

/**
 * @throws SetupError `InvalidDefinition` for logic that has no durable form, naming one that has.
 */
export function sourceOf(
  machineId: string,
  src: string,
  logic: AnyActorLogic,
  machineLogic: (machine: AnyStateMachine) => ActorLogic,
): Source {
  const known = sourceTag(logic) ?? (isMachine(logic) ? undefined : promiseSource(logic))
  if (known !== undefined) return known
  if (isMachine(logic)) return { kind: 'child', logic: machineLogic(logic) }
  const kind = kindOf(logic)
  if (kind === 'transition')
    return { kind: 'child', logic: transitionLogic(logic as LogicShape) as ActorLogic }
  const { what, instead } = refusals[kind] ?? stranger
  throw new SetupError(
    'InvalidDefinition',
    `machine '${machineId}': actor '${src}' is ${what}, which cannot outlive its process: ${instead}`,
    { machine: machineId, src, kind },
  )
}
