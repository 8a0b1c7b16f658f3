/**
 * Readers of single arguments. Each answers the value or says what was expected, before anything is done.
 */
import { InvalidArgumentError } from 'commander'
import { type Address, addressOf, encodeToken, parentOf } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { ActorEvent } from '../../actors/command.js'
import type { InspectQuery } from '../inspect/options.js'

const MS_OF_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `500ms`, `10s`, `5m`, `1.5h`, `2d`: milliseconds. */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? []
  if (number === undefined || unit === undefined)
    throw new InvalidArgumentError('expected a duration: 500ms, 10s, 5m, 1h or 2d.')
  return Math.round(Number(number) * MS_OF_UNIT[unit]!)
}

export function wholeNumber(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < 0)
    throw new InvalidArgumentError('expected a whole number, 0 or more.')
  return number
}

export function wholeNumberFrom1(text: string): number {
  const number = wholeNumber(text)
  if (number < 1) throw new InvalidArgumentError('expected a whole number, 1 or more.')
  return number
}

/** A TCP port; 0 lets the system choose one. */
export function port(text: string): number {
  const number = wholeNumber(text)
  if (number > 65_535) throw new InvalidArgumentError('expected a port, 0 to 65535.')
  return number
}

export function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InvalidArgumentError(
      `expected JSON (in single quotes, for most shells): ${toErrorValue(error).message}.`,
    )
  }
}

/** The fields of an event besides its type. */
export function payload(text: string): Record<string, unknown> {
  const value = json(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('expected a JSON object: the fields of the event.')
  if ('type' in value)
    throw new InvalidArgumentError("expected no 'type' in it: that is the argument before.")
  return value as Record<string, unknown>
}

export function eventOf(type: string, fields: Record<string, unknown> = {}): ActorEvent {
  return { ...fields, type }
}

/**
 * An actor's address as people write it: `order/o-1`, or a child's, `order/o-1/payment`. What is not encoded
 * yet is; what lists print is taken as it is.
 */
export function address(text: string): Address {
  const [type = '', key = '', ...below] = text.split('/').map(plain)
  if (type === '' || key === '' || below.includes(''))
    throw new InvalidArgumentError('expected an actor: TYPE/KEY, as in order/o-1.')
  try {
    return [addressOf(type, key), ...below.map(encodeToken)].join('/')
  } catch (error) {
    throw new InvalidArgumentError(`${toErrorValue(error).message}.`)
  }
}

/** What an inspector is to show: an actor `order/o-1`, a type `order`, or those in a state of it, `order:approval`. */
export function shownActors(text: string): string | InspectQuery {
  if (text.includes('/')) {
    const actor = address(text)
    if (parentOf(actor) === undefined) return actor
    throw new InvalidArgumentError('expected a root: its children are shown with it.')
  }
  const [, type, state] = /^([^:]+)(?::(.+))?$/.exec(text) ?? []
  if (type === undefined)
    throw new InvalidArgumentError(
      'expected an actor (order/o-1), a type (order), or its state (order:paying).',
    )
  return state === undefined ? { type } : { type, state }
}

/** A path or a reason: what an unset variable of a shell leaves empty is not meant. */
export function someText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('expected a text that is not empty.')
  return text
}

/** For an option that may be given several times. */
export function each<Value>(read: (text: string) => Value) {
  return (text: string, before: readonly Value[] = []): readonly Value[] => [...before, read(text)]
}

function plain(token: string): string {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}
