/**
 * How much waits, runs and is kept in all shards a member owns, as one: what is, added up; what is counted since the
 * start goes on after a shard has gone to another member.
 */
import type { Load } from '../observe/load.js'

type Counted = 'inboxRefused' | 'cacheHits' | 'cacheMisses'

const COUNTED: readonly Counted[] = ['inboxRefused', 'cacheHits', 'cacheMisses']

export class MemberLoad {
  /** Of each time a shard was owned, as last seen. */
  readonly #seen = new Map<string, Readonly<Record<Counted, number>>>()
  readonly #gone: Record<Counted, number> = { inboxRefused: 0, cacheHits: 0, cacheMisses: 0 }

  /** @param loads of the shards owned now, by shard and epoch. */
  of(loads: ReadonlyMap<string, Load>): Load {
    for (const [name, last] of this.#seen) {
      if (loads.has(name)) continue
      for (const counted of COUNTED) this.#gone[counted] += last[counted]
      this.#seen.delete(name)
    }
    let all: Load = { ...NOTHING, ...this.#gone }
    for (const [name, load] of loads) {
      this.#seen.set(name, load)
      all = added(all, load)
    }
    return all
  }
}

const NOTHING: Load = {
  inboxCommands: 0,
  inboxRefused: 0,
  insideCommands: 0,
  pendingCommands: 0,
  heldCommands: 0,
  deadLetters: 0,
  activitiesRunning: 0,
  activitiesWaiting: 0,
  cacheActors: 0,
  cacheHits: 0,
  cacheMisses: 0,
  journalPosition: 0,
  journalBytes: 0,
  unsettled: { segments: 0, bytes: 0, since: undefined },
  unsettledMs: 0,
}

function added(one: Load, other: Load): Load {
  const { unsettled, unsettledMs, ...rest } = one
  const sums = Object.fromEntries(
    (Object.keys(rest) as (keyof typeof rest)[]).map(name => [name, one[name] + other[name]]),
  ) as unknown as typeof rest
  return {
    ...sums,
    unsettled: {
      segments: unsettled.segments + other.unsettled.segments,
      bytes: unsettled.bytes + other.unsettled.bytes,
      since: undefined,
    },
    unsettledMs: Math.max(unsettledMs, other.unsettledMs),
  }
}
