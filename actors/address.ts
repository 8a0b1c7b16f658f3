/**
 * Who an actor is. A root actor is `{ type, key }`, written `order/o-123`; a child is written below its
 * root, `order/o-123/payment`. The shard is derived from the root and never part of an address.
 *
 * Owns: the written form, its escaping and its limits. Invariant: an address has one written form, so
 * addresses compare as strings and serve as map keys, file keys and (token by token) NATS subjects.
 */
import { InvalidKeyError } from './errors.js'
import { limits } from './limits.js'

/** A root actor: what people name. */
export interface ActorId {
  readonly type: string
  readonly key: string
}

/** An actor's written name: percent-encoded tokens joined by `/`: type, key, then the path of a child. */
export type Address = string

const PLAIN = /^[A-Za-z0-9_\-~:]+$/

/** What stands for each ASCII character; ids with a dot are minted with every anonymous invoke. */
const ASCII = Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code)
  return PLAIN.test(char) ? char : escapeByte(code)
})

function escapeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** One token of an address: everything but `A–Z a–z 0–9 _ - ~ :` is percent-encoded as UTF-8. */
export function encodeToken(text: string): string {
  if (PLAIN.test(text)) return text
  let token = ''
  for (const char of text)
    token += ASCII[char.codePointAt(0)!] ?? [...Buffer.from(char, 'utf8')].map(escapeByte).join('')
  return token
}

/** The text an encoded token stands for. */
export function decodeToken(token: string): string {
  return token.includes('%') ? decodeURIComponent(token) : token
}

/**
 * The address of a root actor.
 * @throws InvalidKeyError when type or key is not a non-empty string of at most 256 encoded bytes.
 */
export function addressOf(type: string, key: string): Address {
  return `${checkToken('type', type)}/${checkToken('key', key)}`
}

/** The address of the child `id` of the actor at `parent`. */
export function childAddress(parent: Address, id: string): Address {
  return `${parent}/${checkToken('child id', id)}`
}

/** The root's `{ type, key }`, decoded. */
export function idOf(address: Address): ActorId {
  const [type = '', key = ''] = address.split('/', 2)
  return { type: decodeToken(type), key: decodeToken(key) }
}

/** The address of the root an actor belongs to: itself, or the one a child lives under. */
export function rootOf(address: Address): Address {
  const key = address.indexOf('/') + 1
  const end = address.indexOf('/', key)
  return end === -1 ? address : address.slice(0, end)
}

/** The parent's address, or undefined for a root. */
export function parentOf(address: Address): Address | undefined {
  return address === rootOf(address) ? undefined : address.slice(0, address.lastIndexOf('/'))
}

/** A child's own id under its parent, decoded. */
export function childIdOf(address: Address): string {
  return decodeToken(address.slice(address.lastIndexOf('/') + 1))
}

function checkToken(what: string, text: string): string {
  if (typeof text !== 'string' || text === '')
    throw new InvalidKeyError(
      what,
      `a non-empty string`,
      typeof text === 'string' ? 'an empty one' : typeof text,
    )
  // A lone surrogate has no UTF-8 form: two such keys would share one address.
  if (!text.isWellFormed()) throw new InvalidKeyError(what, 'well-formed Unicode', 'a lone surrogate')
  const token = encodeToken(text)
  if (token.length > limits.addressTokenBytesMax)
    throw new InvalidKeyError(what, `at most ${limits.addressTokenBytesMax} encoded bytes`, `${token.length}`)
  return token
}
