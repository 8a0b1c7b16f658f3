/**
 * The door: what a caller hands in is checked here, before anything else sees it, and takes the form in
 * which it will be read back from the journal.
 */
import type { Address } from '../../actors/address.js'
import { type Taken, takePayload } from '../../actors/codec.js'
import type { ActorEvent } from '../../actors/command.js'
import type { Behaviour } from '../../actors/definition.js'
import {
  InvalidEventError,
  InvalidKeyError,
  TooLargeError,
  UnserialisableError,
} from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import { isReservedType } from '../../machines/index.js'

/** @throws InvalidEventError, TooLargeError */
export function admitEvent(
  actor: Address,
  event: unknown,
  of: Behaviour,
  limits: Limits,
): ActorEvent | Promise<ActorEvent> {
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw new InvalidEventError(
      actor,
      "an event: an object with a 'type'",
      Array.isArray(event) ? 'an array' : describe(event),
    )
  const { type } = event as { type?: unknown }
  if (typeof type !== 'string' || type === '')
    throw new InvalidEventError(actor, "an event with a non-empty string as its 'type'", describe(type))
  if (isReservedType(type))
    throw new InvalidEventError(actor, "an event type of the machine's own", `'${type}', which is reserved`)
  const stored = admitPayload(actor, 'the event', event, limits) as ActorEvent
  return checked(actor, stored, `'${type}' as its schema says`, of.checkEvent(stored))
}

/** @throws InvalidEventError, TooLargeError */
export function admitInput(actor: Address, input: unknown, of: Behaviour, limits: Limits): unknown {
  const stored = admitPayload(actor, 'the input', input, limits)
  return checked(actor, stored, 'an input as its schema says', of.checkInput(stored))
}

/** What was handed in once its schema has nothing against it: at once, unless the schema takes its time. */
function checked<Given>(
  actor: Address,
  given: Given,
  expected: string,
  wrong: string | undefined | Promise<string | undefined>,
): Given | Promise<Given> {
  if (wrong instanceof Promise) return wrong.then(found => checked(actor, given, expected, found))
  if (wrong !== undefined) throw new InvalidEventError(actor, expected, wrong)
  return given
}

/** @throws InvalidKeyError */
export function admitCommandId(actor: Address, id: string, limits: Limits): string {
  if (typeof id !== 'string' || id === '')
    throw new InvalidKeyError('command id', 'a non-empty string', describe(id), actor)
  if (id.length > limits.commandIdCharsMax)
    throw new InvalidKeyError(
      'command id',
      `at most ${limits.commandIdCharsMax} characters`,
      `${id.length}`,
      actor,
    )
  return id
}

/** @throws InvalidEventError, TooLargeError */
export function admitReason(actor: Address, reason: string, limits: Limits): string {
  if (typeof reason !== 'string' || reason.trim() === '')
    throw new InvalidEventError(actor, 'a text as the reason', describe(reason))
  return admitPayload(actor, 'the reason', reason, limits) as string
}

/** @throws InvalidEventError */
export function admitWait(actor: Address, what: string, waitMs: number, limits: Limits): number {
  if (typeof waitMs !== 'number' || !(waitMs >= 0 && waitMs <= limits.waitMsMax))
    throw new InvalidEventError(actor, `${what} between 0 and ${limits.waitMsMax} ms`, describe(waitMs))
  return waitMs
}

export function admitPayload(actor: Address, what: string, value: unknown, limits: Limits): unknown {
  const { payloadBytesMax } = limits
  let taken: Taken
  try {
    taken = takePayload(value)
  } catch (error) {
    if (error instanceof UnserialisableError)
      throw new InvalidEventError(actor, `${what} to be storable`, error.message)
    throw error
  }
  if (taken.bytes > payloadBytesMax) throw new TooLargeError(actor, what, taken.bytes, payloadBytesMax)
  return taken.value
}

function describe(value: unknown): string {
  if (typeof value === 'string' && value.trim() === '') return 'an empty one'
  return value === null || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : typeof value
}
