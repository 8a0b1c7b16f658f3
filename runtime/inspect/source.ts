/**
 * Where the actors live that an inspector shows: the shard of an embedded runtime, or those that a member owns now.
 */
import type { Address } from '../../actors/address.js'
import type { Journal } from '../../actors/journal.js'
import type { FollowedStep } from '../dispatch/followers.js'
import type { Shard } from '../embedded/embedded-service.js'
import type { Life } from '../step/life.js'
import type { InspectQuery } from './options.js'

export interface InspectSource {
  read(address: Address): Life | undefined
  /** The first roots that a query fits, in order of their addresses. */
  list(query: InspectQuery, limit: number): readonly Address[]
  /** The journal with an actor's history; undefined when that is not here. */
  journalOf(address: Address): Journal | undefined
  onEveryStep(listener: (step: FollowedStep) => void): () => void
  /** Told which actors live elsewhere from then on: nothing more is heard of them here. */
  onLeave(listener: (hasLeft: (address: Address) => boolean) => void): () => void
}

/** @param shard the one that runs now: after a crash it is another. */
export function shardSource(shard: () => Shard): InspectSource {
  return {
    read: address => shard().host.read(address),
    list: (query, limit) => listIn(shard(), query, limit),
    journalOf: () => shard().journal,
    onEveryStep: listener => shard().host.followers.onEveryStep(listener),
    onLeave: () => () => {},
  }
}

export function listIn({ journal }: Shard, query: InspectQuery, limit: number): readonly Address[] {
  return journal.list({ ...query, roots: true, limit }).map(one => one.address)
}
