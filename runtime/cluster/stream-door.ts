/**
 * The door of a shard whose commands come from a stream: anybody may have written them, so what a client's own door
 * checks is checked here as well, before the engine sees it.
 */
import { idOf, parentOf } from '../../actors/address.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import type { Behaviour } from '../../actors/definition.js'
import { InvalidEventError, PerdureError } from '../../actors/errors.js'
import { isReservedType } from '../../machines/index.js'
import type { Bindings } from '../step/bindings.js'

type Verdict = PerdureError | undefined

/** What is wrong with a command, at once where its schemas answer at once. */
export function admitted(command: Command, bindings: Bindings): Verdict | Promise<Verdict> {
  try {
    const of = bindings.current(idOf(command.target).type)
    if (command.kind === 'start') return judged(command, 'an input', of.checkInput(command.input))
    return command.kind === 'message' ? messageAdmitted(command, of) : undefined
  } catch (error) {
    if (error instanceof PerdureError) return error
    throw error
  }
}

function messageAdmitted(
  command: Extract<Command, { kind: 'message' }>,
  of: Behaviour,
): Verdict | Promise<Verdict> {
  const { event, start, target } = command
  if (isReservedType(event.type))
    return new InvalidEventError(
      target,
      "an event type of the machine's own",
      `'${event.type}', which is reserved`,
    )
  const onEvent = eventAdmitted(command, event, of)
  if (start === undefined) return onEvent
  const onStart = judged(command, 'an input', of.checkInput(start.input))
  if (onEvent instanceof Promise || onStart instanceof Promise)
    return Promise.all([onEvent, onStart]).then(([event, input]) => event ?? input)
  return onEvent ?? onStart
}

/** What a child may be sent is its own machine's business. */
function eventAdmitted(command: Command, event: ActorEvent, of: Behaviour): Verdict | Promise<Verdict> {
  if (parentOf(command.target) !== undefined) return undefined
  return judged(command, `'${event.type}'`, of.checkEvent(event))
}

function judged(
  { target }: Command,
  what: string,
  found: Promise<string | undefined> | string | undefined,
): Verdict | Promise<Verdict> {
  const verdict = (wrong: string | undefined) =>
    wrong === undefined ? undefined : new InvalidEventError(target, `${what} as its schema says`, wrong)
  return found instanceof Promise ? found.then(verdict) : verdict(found)
}
