/**
 * Children that could not be addressed, found again, or told apart.
 */
import type { AnyActorLogic } from 'xstate'
import { childAddress } from '../../actors/address.js'
import { isMachine, kindOf } from '../logic-kind.js'
import { sourceTag } from '../source-tag.js'
import type { AnyStateMachine, AnyStateNode } from '../xstate/types.js'
import { actionsOf, isBuiltin, placeOf, statesOf } from './machine-parts.js'
import type { Problems } from './problems.js'

/** An invocation as XState has resolved it: `id` and the name of its source are there. */
interface Invocation {
  readonly id: string
  readonly src: string
  readonly systemId?: unknown
  readonly onSnapshot?: unknown
}

const shared =
  'there is no actor system shared in memory. Send to a child by its id, to another actor by ref(type, key), or pass a reference in its input'

export function checkChildren(
  machine: AnyStateMachine,
  logics: ReadonlyMap<string, AnyActorLogic>,
  problems: Problems,
): void {
  const invoking: { node: AnyStateNode; id: string }[] = []
  for (const node of statesOf(machine))
    for (const invocation of node.invoke as unknown as readonly Invocation[]) {
      checkInvocation(node, invocation, logics, problems)
      const same = invoking.find(other => other.id === invocation.id && mayCoexist(other.node, node))
      if (same !== undefined)
        problems.add(
          placeOf(node),
          `invokes under the id '${invocation.id}', as state '${same.node.id}' does, and both can be active at once`,
        )
      invoking.push({ node, id: invocation.id })
    }
  checkSpawns(machine, problems)
}

function checkInvocation(
  node: AnyStateNode,
  { id, src, systemId, onSnapshot }: Invocation,
  logics: ReadonlyMap<string, AnyActorLogic>,
  problems: Problems,
): void {
  try {
    childAddress('type/key', id)
  } catch (error) {
    problems.add(placeOf(node), `invokes under the id '${id}': ${(error as Error).message}`)
  }
  if (systemId !== undefined)
    problems.add(placeOf(node), `invokes with systemId '${String(systemId)}': ${shared}`)
  const logic = logics.get(src)
  if (onSnapshot !== undefined && logic !== undefined && isTask(logic))
    problems.add(
      placeOf(node),
      `listens by onSnapshot to '${src}', which has no snapshots: only a child machine, reducer or store has`,
    )
}

function checkSpawns(machine: AnyStateMachine, problems: Problems): void {
  for (const { place, part } of actionsOf(machine)) {
    if (!isBuiltin(part) || part.type !== 'xstate.spawnChild') continue
    const inline = typeof part.src !== 'string'
    const what = inline ? 'logic given inline' : `'${part.src}'`
    if (inline)
      problems.add(
        place,
        'spawns logic given inline: name it in setup({ actors }) and spawn it by that name, so that it can be found again after a restart',
      )
    if (part.id === undefined)
      problems.add(
        place,
        `spawns ${what} by spawnChild without an id: give it one, so that it can be addressed and stopped`,
      )
    if (part.systemId !== undefined)
      problems.add(place, `spawns ${what} with systemId '${String(part.systemId)}': ${shared}`)
  }
}

function isTask(logic: AnyActorLogic): boolean {
  if (isMachine(logic)) return false
  const source = sourceTag(logic)
  return source === undefined ? kindOf(logic) === 'promise' : source.kind !== 'child'
}

/** Whether both states can be active at the same time. */
function mayCoexist(one: AnyStateNode, other: AnyStateNode): boolean {
  const above = new Set(lineOf(one))
  const meeting = lineOf(other).find(node => above.has(node))
  return meeting === one || meeting === other || meeting?.type === 'parallel'
}

/** The state and all above it, from the inside out. */
function lineOf(node: AnyStateNode): AnyStateNode[] {
  return node.parent === undefined ? [node] : [node, ...lineOf(node.parent)]
}
