/**
 * Addresses in URLs, both ways: a root is the path behind `/actors/`, a child its root and `?child=`.
 */
import { type Address, addressOf, childAddress, rootOf } from '../../actors/address.js'
import { InvalidKeyError } from '../../actors/errors.js'
import { type QueryName, routes, type Verb } from './routes.js'

export interface TargetParts {
  readonly address?: Address
  readonly id?: string
  readonly selector?: string
  readonly query?: Readonly<Partial<Record<QueryName, string | number | boolean | undefined>>>
}

/** Path and query of a verb's request. */
export function targetOf(verb: Verb, { address, id, selector, query = {} }: TargetParts): string {
  const { path } = routes.find(route => route.verb === verb)!
  const root = address === undefined ? '' : rootOf(address)
  const filled = path
    .replace(':type/:key', () => root)
    .replace(':selector', () => encodeURIComponent(selector ?? ''))
    .replace(':id', () => encodeURIComponent(id ?? ''))
  const search = new URLSearchParams()
  if (address !== undefined && root !== address) search.set('child', address.slice(root.length + 1))
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size === 0 ? filled : `${filled}?${search}`
}

/**
 * The address that a path and its `child` stand for. `type` and `key` are decoded already.
 * @throws InvalidKeyError
 */
export function addressIn(type: string, key: string, child: string | undefined): Address {
  const root = addressOf(type, key)
  if (child === undefined) return root
  return child.split('/').reduce((parent, token) => childAddress(parent, decoded('child id', token)), root)
}

/** One percent-encoded segment. @throws InvalidKeyError when it is not well-formed. */
export function decoded(what: string, segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new InvalidKeyError(what, 'well-formed percent-encoding', `'${segment}'`)
  }
}
