/** How many roots there are of each kind as of the last commit; costs what is not in rows yet, however many are. */
import { idOf, parentOf } from '../../actors/address.js'
import type { ActorCount } from '../../actors/journal.js'
import { byKind } from '../query.js'
import type { ActorKind, ActorTable } from './actor-table.js'
import type { Unsettled } from './unsettled.js'

export function actorCounts(table: ActorTable, unsettled: Unsettled): ActorCount[] {
  const counts = new Map<string, ActorCount>()
  const add = ({ type, version, status }: ActorKind, by: number) => {
    const key = JSON.stringify([type, version, status])
    counts.set(key, { type, version, status, count: (counts.get(key)?.count ?? 0) + by })
  }
  for (const { count, ...kind } of table.counts()) add(kind, count)
  for (const { address, version, status } of unsettled.actors()) {
    if (parentOf(address) !== undefined) continue
    const row = table.kind(address)
    if (row !== undefined) add(row, -1)
    add({ type: idOf(address).type, version, status }, 1)
  }
  return [...counts.values()].filter(({ count }) => count > 0).sort(byKind)
}
