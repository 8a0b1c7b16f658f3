/** Any command that may come from outside, for property tests of the wire. */
import fc from 'fast-check'
import { addressOf, childAddress } from '../../actors/address.js'
import { encodePayload, normalise } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import { anyCharacter, anyValue } from './any-value.js'

const text = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 12 })
const plainText = fc.constantFrom(
  'order',
  'o-1',
  'a.b',
  'ann@x.org',
  '%',
  '*',
  '>',
  ' ',
  'ü/ö',
  'x~y:z_',
  '#1',
)
const token = fc.oneof(text, plainText)

/** Of a root, or of a child of it. */
export const anyAddress = fc
  .tuple(token, token, fc.array(token, { maxLength: 2 }))
  .map(([type, key, children]) => children.reduce(childAddress, addressOf(type, key)))

const storable = anyValue.filter(isStorable).map(value => normalise(value))

function isStorable(value: unknown): boolean {
  try {
    encodePayload(value)
    return true
  } catch {
    return false
  }
}

const eventType = token.filter(type => !type.startsWith('$'))
const trace = fc.constantFrom(
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
)

/** @param payload any value that events and inputs may hold. */
export function anyPublicCommand(payload: fc.Arbitrary<unknown> = storable): fc.Arbitrary<Command> {
  const event = fc
    .tuple(eventType, fc.dictionary(fc.constantFrom('by', 'amount', 'input', 'event', '$x'), payload))
    .map(([type, fields]) => ({ ...fields, type }))
  const envelope = fc
    .record({ commandId: token, target: anyAddress, trace }, { requiredKeys: ['commandId', 'target'] })
    .map(one => ({ ...one }))
  const delayMs = fc.oneof(fc.nat(100_000), fc.double({ min: 0, max: 1e6, noNaN: true }).map(Math.abs))
  const message = fc
    .tuple(
      envelope,
      event,
      fc.record({ start: payload.map(input => ({ input })), delayMs }, { requiredKeys: [] }),
    )
    .map(([head, event, more]) => ({ ...head, kind: 'message' as const, event, ...more }))
  const start = fc.tuple(envelope, payload).map(([head, input]) => ({
    ...head,
    target: head.target.split('/').slice(0, 2).join('/'),
    kind: 'start' as const,
    input,
  }))
  const end = fc
    .tuple(
      envelope,
      token.filter(reason => reason.trim() !== ''),
    )
    .map(([head, reason]) => ({
      ...head,
      kind: 'operator' as const,
      order: { type: 'terminate' as const, reason },
    }))
  return fc.oneof({ weight: 3, arbitrary: message }, start, end)
}
