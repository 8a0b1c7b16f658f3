/**
 * `spawnChild`, which is also how a state invokes, and `stopChild`.
 */

import type { AnyStateMachine } from '../../xstate/types.js'
import { namedLogic } from '../named-logic.js'
import type { Newborn } from '../newborn.js'
import { withEntry, withoutEntry } from '../records.js'
import type { ActionArgs, Op } from '../running-step.js'

export interface SpawnChild {
  readonly id?: string | ((args: ActionArgs) => string) | undefined
  readonly systemId?: string | undefined
  readonly src: unknown
  readonly input?: unknown
  readonly syncSnapshot?: boolean | undefined
}

export function spawnChildOp(machine: AnyStateMachine, action: SpawnChild): Op {
  const { id, systemId, src, input, syncSnapshot } = action
  let logic = typeof src === 'string' ? undefined : (src as object)
  return step => {
    if (typeof src === 'string') logic ??= namedLogic(machine, src)
    const resolvedId = typeof id === 'function' ? id(step.args()) : id
    let actorRef: Newborn | undefined
    let given: unknown
    if (logic) {
      given = typeof input === 'function' ? input(step.data()) : input
      actorRef = step.bear(logic, src, { id: resolvedId, input: given, syncSnapshot, systemId })
    }
    step.setChildren(withEntry<unknown>(step.children, String(resolvedId), actorRef))
    step.note('xstate.spawnChild', { id, systemId, actorRef, src, input: given })
  }
}

type StoppedChild = string | { readonly id: string } | ((args: ActionArgs, params: unknown) => unknown)

export function stopChildOp(child: StoppedChild): Op {
  return (step, params) => {
    const named = typeof child === 'function' ? child(step.args(), params) : child
    const found = (typeof named === 'string' ? step.children[named] : named) as { id: string } | undefined
    step.setChildren(found ? withoutEntry(step.children, found.id) : step.children)
    step.note('xstate.stopChild', found)
  }
}
