/**
 * How logic made by `activity`, `asks`, `each` and `defineActor` says what it is: a property on the XState
 * logic, which `provide`, `setup` and plain `createActor` carry along and ignore.
 */
import type { AnyActorLogic } from 'xstate'
import type { Source } from '../actors/logic.js'

const tag: unique symbol = Symbol.for('perdure.source')

/** The logic itself, which from now on stands for `source`. */
export function tagged<Logic extends AnyActorLogic>(logic: Logic, source: Source): Logic {
  return Object.defineProperty(logic, tag, { value: source })
}

/** What the logic stands for, if it was made here. */
export function sourceTag(logic: object): Source | undefined {
  return (logic as { [tag]?: Source })[tag]
}
