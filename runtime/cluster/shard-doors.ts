/** Where the owner of a shard is asked, beside its inbox: opened when a member takes the shard, shut before it goes. */

import type { Clock } from '../../actors/clock.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterClient } from '../../cluster/index.js'
import { type About, LiveApi } from '../api/live-api.js'
import type { HostLogger } from '../shard-host-options.js'
import type { Bindings } from '../step/bindings.js'
import { MemberActors } from './member-actors.js'
import type { MemberShard } from './member-shard.js'
import { ShardVerbs } from './shard-verbs.js'

export interface ShardDoorsSite {
  readonly client: ClusterClient
  readonly bindings: Bindings
  readonly about: About
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  /** Subject on which the owner of a shard is asked. */
  verbsOf(shard: number): string
}

export class ShardDoors {
  /** Of the shards whose doors are open. */
  readonly actors: MemberActors
  readonly #site: ShardDoorsSite
  readonly #startedAt: number
  readonly #verbs = new Map<number, () => void>()

  constructor(site: ShardDoorsSite) {
    this.#site = site
    this.#startedAt = site.clock.now()
    this.actors = new MemberActors(address => site.client.shardOf(address))
  }

  /** Clients are told from where on its commands are answered by this owner. */
  open(number: number, { service, shard }: MemberShard): void {
    const { client, verbsOf, bindings, about, clock, limits, logger } = this.#site
    if (service === undefined || shard === undefined) return
    this.actors.add(number, shard)
    const startedAt = this.#startedAt
    const durability = 'replicated'
    const api = new LiveApi({ service, bindings, about, startedAt, durability, shard: () => shard })
    const verbs = new ShardVerbs(api, { service, bindings, clock, limits, logger })
    const stop = client.requests.serve(verbsOf(number), (verb, body, asker) =>
      verbs.answer(verb, body, asker),
    )
    this.#verbs.set(number, () => {
      stop()
      verbs.end()
    })
    const taken = shard.journal.taken().find(one => one.inbox === 'commands')
    client.beginnings.tell(number, taken?.sequence ?? 0)
  }

  shut(number: number): void {
    this.#verbs.get(number)?.()
    this.#verbs.delete(number)
  }

  /** Shut, and nothing more is committed here. */
  leave(number: number): void {
    this.shut(number)
    this.actors.remove(number)
  }
}
