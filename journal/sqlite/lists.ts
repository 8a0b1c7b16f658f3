/** Who there is as of the last commit: those in rows that no later commit has touched, and those not in rows yet. */
import { type Address, idOf, parentOf } from '../../actors/address.js'
import type { ActorCount, ListedActor, ListQuery } from '../../actors/journal.js'
import { byAddress, matches } from '../query.js'
import { actorCounts } from './actor-counts.js'
import type { ActorTable } from './actor-table.js'
import type { UnsettledActor } from './generation.js'
import type { Unsettled } from './unsettled.js'

export class Lists {
  readonly #table: ActorTable
  readonly #unsettled: () => Unsettled

  constructor(table: ActorTable, unsettled: () => Unsettled) {
    this.#table = table
    this.#unsettled = unsettled
  }

  page(query: ListQuery): ListedActor[] {
    const unsettled = this.#unsettledAfter(query.after)
      .map(listed)
      .filter(actor => matches(query, actor))
    return [...unsettled, ...this.#table.list(query)].sort(byAddress).slice(0, query.limit)
  }

  count(query: Omit<ListQuery, 'after' | 'limit'>): number {
    const unsettled = this.#unsettled()
    let count = this.#table.count(query, !unsettled.isEmpty)
    for (const actor of unsettled.actors()) if (matches(query, listed(actor))) count++
    return count
  }

  /** Asks more than once: to be called within a transaction. */
  counts(): ActorCount[] {
    return actorCounts(this.#table, this.#unsettled())
  }

  /** Roots of a type that ended at or before `until`, those that ended first before the others. */
  ended(type: string, until: number, limit: number): Address[] {
    const unsettled = this.#unsettledAfter(undefined).filter(actor => hasEnded(actor, type, until))
    return [...unsettled, ...this.#table.ended(type, until, limit)]
      .sort((a, b) => a.at - b.at || byAddress(a, b))
      .slice(0, limit)
      .map(({ address }) => address)
  }

  #unsettledAfter(after: Address | undefined): UnsettledActor[] {
    const actors = [...this.#unsettled().actors()]
    return after === undefined ? actors : actors.filter(actor => actor.address > after)
  }
}

function listed({ address, index, status, version, seq, at }: UnsettledActor): ListedActor {
  const { value, tags, quarantined } = index
  const actor = { address, value, tags, status, version, seq, at }
  return quarantined === undefined ? actor : { ...actor, quarantined }
}

function hasEnded({ address, status, at }: UnsettledActor, type: string, until: number): boolean {
  return status !== 'active' && at <= until && parentOf(address) === undefined && idOf(address).type === type
}
