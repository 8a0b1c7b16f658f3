/**
 * Batches whose outcome nobody will hear of here: those that never became durable, and those that did when it was no
 * longer this host's to say so. Who looks on is told; who sent is refused, or its command stands in line again.
 */
import type { CommandSources, Taken } from '../inbox/command-sources.js'
import type { Losses } from '../recovery/losses.js'
import type { ActorCache } from './actor-cache.js'
import type { CautiousSteps } from './cautious-steps.js'
import type { Filled } from './filling.js'
import { deliveriesOf, refuse } from './refusals.js'

type Lost = readonly (Filled | undefined)[]

/** Ends them: none of it is stepped again. @param reason what whoever looks on is told, if not what senders are. */
export function abandon(lost: Lost, refusal: string, reason = 'the runtime ended'): void {
  refuse(deliveriesOf(throwAway(lost, reason)), refusal)
}

/** Makes things as they were before they were stepped, to be stepped again; who could not wait is refused. */
export function takeBack(
  lost: Lost,
  reason: string,
  from: {
    readonly sources: CommandSources
    readonly cache: ActorCache
    readonly cautious: CautiousSteps
    readonly losses: Losses
  },
): void {
  const taken = throwAway(lost, reason)
  // What was stepped for nothing may have changed states it was given: they are read again.
  for (const one of lost) for (const address of one?.batch.lives.keys() ?? []) from.cache.forgetState(address)
  from.cautious.undo(lost.flatMap(one => one?.batch ?? []))
  from.losses.lost()
  refuse(from.sources.putBack(taken), reason)
}

function throwAway(lost: Lost, reason: string): Taken[] {
  for (const one of lost) one?.observer?.lost(reason)
  return lost.flatMap(one => one?.taken ?? [])
}
