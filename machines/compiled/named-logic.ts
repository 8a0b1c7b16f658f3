/**
 * What a machine has under the name of an actor, or of an invocation that was given inline.
 */
import type { AnyStateMachine } from '../xstate/types.js'

const inline = /^xstate\.invoke\.(\d+)\.(.*)/s

export function namedLogic(machine: AnyStateMachine, src: string): object | undefined {
  const [, index, id] = inline.exec(src) ?? []
  if (index === undefined || id === undefined)
    return (machine.implementations.actors as Record<string, object>)[src]
  const { invoke } = machine.getStateNodeById(id).config as { invoke?: unknown }
  const invocation = Array.isArray(invoke) ? invoke[Number(index)] : invoke
  return (invocation as { src: object }).src
}
