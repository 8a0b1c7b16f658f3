/**
 * The end of a step that bore children: what stood for them while it ran gives way to references.
 */
import type { Address } from '../../actors/address.js'
import { setOwn } from '../../actors/special.js'
import { ChildReference } from './references.js'
import { replaceReferences } from './replace-references.js'
import type { Noted } from './system.js'
import { type BornActor, home, type OpenSnapshot } from './types.js'

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
  const newborns = newbornsOf(noted, self)
  if (newborns !== undefined || before?.[home] !== undefined) next[home] = self
  if (newborns !== undefined) nameChildren(next.children, newborns)
  if (next.status !== 'active') next.children = {}
  if (newborns === undefined || isKnownByName(noted, newborns.actors.length)) return unchanged
  const release: Release = value => replaceReferences(value, found => referenceTo(newborns, found))
  next.context = release(next.context)
  next.output = release(next.output)
  return release
}

/** Those born, and what is to stand for each. As a rule there is one: two lists cost less than a map. */
interface Newborns {
  readonly actors: BornActor[]
  readonly references: ChildReference[]
}

/** Undefined when there are none. */
function newbornsOf(noted: readonly Noted[], self: Address): Newborns | undefined {
  let newborns: Newborns | undefined
  for (const each of noted) {
    if (each.kind !== 'birth') continue
    const reference = new ChildReference(self, each.actor.id, String(each.actor.src))
    if (newborns === undefined) newborns = { actors: [each.actor], references: [reference] }
    else {
      newborns.actors.push(each.actor)
      newborns.references.push(reference)
    }
  }
  return newborns
}

function referenceTo({ actors, references }: Newborns, found: unknown): ChildReference | undefined {
  const at = actors.indexOf(found as BornActor)
  return at === -1 ? undefined : references[at]
}

/** In place: what holds a newborn was made in its step, and is nobody else's yet. */
function nameChildren(children: Record<string, unknown>, newborns: Newborns): void {
  for (const id in children) {
    const reference = referenceTo(newborns, children[id])
    if (reference !== undefined) setOwn(children, id, reference)
  }
}

/** Whether all that was born was invoked or spawned as an action, which names it: user code has never seen it then. */
function isKnownByName(noted: readonly Noted[], births: number): boolean {
  let named = 0
  for (const each of noted)
    if (each.kind === 'action' && each.action.type === 'xstate.spawnChild')
      if ((each.action.params as { actorRef: unknown }).actorRef !== undefined) named++
  return named === births
}
