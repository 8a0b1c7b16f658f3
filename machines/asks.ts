/**
 * A question to another actor, as promise logic: invoked with `{ key, event }`, it sends the event, and its
 * output is what the named selector says of the state after it.
 */
import { type EventFromLogic, type EventObject, fromPromise, type PromiseActorLogic } from 'xstate'
import { SetupError } from '../actors/errors.js'
import { limits } from '../actors/limits.js'
import { number } from './activity-policy.js'
import type { AnyDefinition } from './definition-types.js'
import { tagged } from './source-tag.js'

/** What an ask is invoked with. */
export interface Question<Event> {
  key: string
  event: Event
}

export interface AskOptions {
  /** How long it waits for the answer before it fails with `Timeout`. */
  readonly timeoutMs?: number
}

/**
 * @throws SetupError `InvalidDefinition` when the definition has no such selector.
 */
export function asks<Asked extends AnyDefinition, Selector extends keyof Asked['selectors'] & string>(
  definition: Asked,
  selector: Selector,
  options?: AskOptions,
): PromiseActorLogic<ReturnType<Asked['selectors'][Selector]>, Question<EventFromLogic<Asked['machine']>>>
export function asks<Event extends EventObject, Answer>(
  type: string,
  selector: string,
  options?: AskOptions,
): PromiseActorLogic<Answer, Question<Event>>
export function asks(
  asked: AnyDefinition | string,
  selector: string,
  options: AskOptions = {},
): PromiseActorLogic<unknown, Question<EventObject>> {
  const actorType = typeof asked === 'string' ? asked : asked.type
  if (typeof asked !== 'string' && !Object.hasOwn(asked.selectors, selector))
    throw new SetupError('InvalidDefinition', `asks: '${actorType}' has no selector '${selector}'`, {
      type: actorType,
      selector,
    })
  const logic = fromPromise<unknown, Question<EventObject>>(() => {
    const unreachable = `asks('${actorType}', '${selector}') needs a Perdure runtime: under plain createActor, provide() another logic in its place`
    return Promise.reject(new Error(unreachable))
  })
  return tagged(logic, {
    kind: 'ask',
    actorType,
    selector,
    timeoutMs: number('timeoutMs', options.timeoutMs, limits.askTimeoutMs, 1),
  })
}
