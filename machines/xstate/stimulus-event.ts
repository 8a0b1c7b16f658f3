/**
 * What a machine is told of a stimulus: the event XState itself would have given it.
 */
import type { ActorEvent } from '../../actors/command.js'
import { limits } from '../../actors/limits.js'
import type { Stimulus } from '../../actors/logic.js'
import { BoundedMap } from '../bounded-map.js'

/** Event types by id: a string that is looked up again and again had better be the same one. */
const done = new BoundedMap<string, string>(limits.childIdsMax)

export function stimulusEvent(stimulus: Stimulus): ActorEvent {
  switch (stimulus.type) {
    case 'done': {
      const { id, output } = stimulus
      return { type: done.get(id) ?? done.keep(id, `xstate.done.actor.${id}`), output, actorId: id }
    }
    case 'error':
      return { type: `xstate.error.actor.${stimulus.id}`, error: stimulus.error, actorId: stimulus.id }
    case 'snapshot':
      return { type: `xstate.snapshot.${stimulus.id}`, snapshot: stimulus.snapshot }
    default:
      return stimulus.event
  }
}
