/** What a list query asks of one actor: the one meaning that every implementation gives it. */
import { encodeToken, parentOf } from '../actors/address.js'
import type { ActorCount, ListedActor, ListQuery } from '../actors/journal.js'

/** Whether an actor is among those asked for; `after` and `limit` aside. */
export function matches(query: Omit<ListQuery, 'after' | 'limit'>, actor: ListedActor): boolean {
  if (query.roots === true && parentOf(actor.address) !== undefined) return false
  if (query.type !== undefined && !actor.address.startsWith(`${encodeToken(query.type)}/`)) return false
  if (query.status !== undefined && actor.status !== query.status) return false
  if (query.version !== undefined && actor.version !== query.version) return false
  if (query.quarantined !== undefined && query.quarantined !== (actor.quarantined === true)) return false
  if (query.tag !== undefined && !actor.tags.includes(query.tag)) return false
  if (query.idleSince !== undefined && actor.at > query.idleSince) return false
  return query.state === undefined || statePaths(actor.value).includes(query.state)
}

/** Every state a value is in, as paths: `{ a: { b: 'c' } }` is in `a`, `a.b` and `a.b.c`. */
export function statePaths(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, below]) => [
    key,
    ...statePaths(below).map(path => `${key}.${path}`),
  ])
}

/** Addresses in the order of their UTF-16 units; they are ASCII, so it is SQLite's order of bytes as well. */
export function byAddress(a: { readonly address: string }, b: { readonly address: string }): number {
  return compare(a.address, b.address)
}

type Kind = Pick<ActorCount, 'type' | 'version' | 'status'>

/** By type, version and status, as an index would have it. */
export function byKind(a: Kind, b: Kind): number {
  return (
    compare(encodeToken(a.type), encodeToken(b.type)) ||
    compare(a.version, b.version) ||
    compare(a.status, b.status)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
