/**
 * The end of a step that bore children: what stood for them while it ran gives way to references.
 */
import type { Address } from '../../actors/address.js'
import { setOwn } from '../../actors/special.js'
import { ChildReference } from './references.js'
import { replaceReferences } from './replace-references.js'
import type { Noted } from './system.js'
import { home, type OpenSnapshot } from './types.js'

/** Puts references in place of newborn children that user code was given. */
export type Release = <Value>(value: Value) => Value

export const unchanged: Release = value => value

/**
 * Settles the children of a fresh snapshot, which is nobody else's yet. Answers how to do the same to the values
 * in effects, where the machine may have put a child that `spawn()` gave it.
 */
export function releaseNewborns(
  noted: readonly Noted[],
  before: OpenSnapshot | undefined,
  next: OpenSnapshot,
  self: Address,
): Release {
  const references = referencesTo(noted, self)
  if (references !== undefined || before?.[home] !== undefined) next[home] = self
  if (references !== undefined) next.children = withReferences(next.children, references)
  if (next.status !== 'active') next.children = {}
  if (references === undefined || isKnownByName(noted, references.size)) return unchanged
  const release: Release = value => replaceReferences(value, found => references.get(found))
  next.context = release(next.context)
  next.output = release(next.output)
  return release
}

/** A reference for each child born; undefined when there are none. */
function referencesTo(noted: readonly Noted[], self: Address): Map<unknown, ChildReference> | undefined {
  let references: Map<unknown, ChildReference> | undefined
  for (const each of noted) {
    if (each.kind !== 'birth') continue
    references ??= new Map()
    references.set(each.actor, new ChildReference(self, each.actor.id, String(each.actor.src)))
  }
  return references
}

function withReferences(
  children: Readonly<Record<string, unknown>>,
  references: ReadonlyMap<unknown, ChildReference>,
): Record<string, unknown> {
  const next: Record<string, unknown> = {}
  for (const id of Object.keys(children)) setOwn(next, id, references.get(children[id]) ?? children[id])
  return next
}

/** Whether all that was born was invoked or spawned as an action, which names it: user code has never seen it then. */
function isKnownByName(noted: readonly Noted[], births: number): boolean {
  let named = 0
  for (const each of noted)
    if (each.kind === 'action' && each.action.type === 'xstate.spawnChild')
      if ((each.action.params as { actorRef: unknown }).actorRef !== undefined) named++
  return named === births
}
