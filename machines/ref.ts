/**
 * Another root actor, addressed from within a machine: `sendTo(ref('profile', key), event)`.
 */
import type { ActorRef, EventObject, Snapshot } from 'xstate'
import { addressOf } from '../actors/address.js'
import { Reference } from '../actors/reference.js'

/**
 * A reference to the actor `type/key`, which need not be born. It may travel in events and contexts.
 * @throws InvalidKeyError when type or key cannot be one.
 */
export function ref<Event extends EventObject>(
  type: string,
  key: string,
): ActorRef<Snapshot<unknown>, Event> {
  // To XState's types a reference is a live actor. What a machine may do with it is sendTo, and that is data.
  return new Reference(addressOf(type, key)) as unknown as ActorRef<Snapshot<unknown>, Event>
}
