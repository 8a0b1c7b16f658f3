/**
 * Planned moves: a shard whose owner lives goes to the member it is meant for. The successor makes itself ready and
 * asks in the table; the owner, when it has room for the move, drains and releases it to him; he claims it. Nobody
 * takes anything from a living owner.
 *
 * Invariant: a member asks for, and gives away, no more than `shardMovesMax` shards at once.
 */
import type { Limits } from '../../actors/limits.js'
import type { Seat } from './assignment.js'
import type { Holdings } from './holdings.js'
import type { Living } from './living.js'
import type { ShardTable } from './shard-table.js'

/** A shard held here that its successor is ready to take over. */
export interface HandOver {
  readonly shard: number
  readonly to: string
}

export interface MovesSite {
  readonly me: string
  readonly limits: Limits
  readonly living: Living
  readonly table: ShardTable
  readonly holdings: Holdings
  /** Whom each shard is meant for now. */
  seats(): readonly Seat[]
  life(): string | undefined
  onTrouble(message: string): void
}

export class Moves {
  readonly #site: MovesSite
  readonly #ready = new Set<number>()
  #leaving = new Map<number, string>()
  #settling: Promise<void> | undefined
  #again = false

  constructor(site: MovesSite) {
    this.#site = site
  }

  /** This member could take the shard over at once. Forgotten when it is not even meant to stand by. */
  ready(shard: number): void {
    this.#ready.add(shard)
  }

  /** What to drain and release now, to whom. A move stays in the list until it is done or has lost its sense. */
  handOvers(): readonly HandOver[] {
    const { holdings, limits } = this.#site
    const asked = [...holdings.held.keys()].flatMap(shard => {
      const to = this.#askedBy(shard)
      return to === undefined ? [] : [{ shard, to }]
    })
    const begun = asked.filter(({ shard, to }) => this.#leaving.get(shard) === to)
    const next = asked.filter(({ shard, to }) => this.#leaving.get(shard) !== to)
    const now = [...begun, ...next].slice(0, limits.shardMovesMax)
    this.#leaving = new Map(now.map(({ shard, to }) => [shard, to]))
    return now
  }

  /** Asks for what there is room for, and mends entries that name this member for what it does not hold. */
  settle(): Promise<void> {
    this.#again = true
    this.#settling ??= this.#settle()
      .catch((error: unknown) => this.#site.onTrouble(String(error)))
      .finally(() => {
        this.#settling = undefined
      })
    return this.#settling
  }

  async #settle(): Promise<void> {
    while (this.#again) {
      this.#again = false
      const { me, table, limits } = this.#site
      let asked = 0
      for (let shard = 0; shard < table.shards; shard++) if (this.#isComing(shard)) asked++
      const seats = this.#site.seats()
      for (const shard of [...this.#ready].sort((a, b) => a - b)) {
        const { owner, standby } = seats[shard] ?? {}
        if (owner !== me && standby !== me) this.#ready.delete(shard)
        else if (owner === me && asked < limits.shardMovesMax && (await this.#ask(shard))) asked++
      }
      await this.#mend(seats)
    }
  }

  /** Asked for by this member and not claimed by it yet. */
  #isComing(shard: number): boolean {
    const { me, table, living } = this.#site
    const record = table.get(shard)?.value
    if (record === undefined || record.owner === me) return false
    if (record.owner === undefined) return record.to === me
    return record.wantedBy === me && living.get(record.owner)?.life === record.life
  }

  async #ask(shard: number): Promise<boolean> {
    const { me, table, living } = this.#site
    const seen = table.get(shard)
    const owner = seen?.value.owner
    if (seen === undefined || owner === undefined || owner === me || seen.value.wantedBy === me) return false
    if (living.get(owner)?.life !== seen.value.life || this.#site.life() === undefined) return false
    return await table.write(shard, { ...seen.value, wantedBy: me }, seen)
  }

  #askedBy(shard: number): string | undefined {
    const { me, table, living } = this.#site
    const to = table.get(shard)?.value.wantedBy
    if (to === undefined || to === me || this.#site.seats()[shard]?.owner !== to) return undefined
    return living.get(to) === undefined ? undefined : to
  }

  /** A claim or a release whose answer was lost leaves an entry that keeps others away. */
  async #mend(seats: readonly Seat[]): Promise<void> {
    const { me, table, holdings, living } = this.#site
    const life = living.get(me)?.life
    for (let shard = 0; shard < table.shards && life !== undefined; shard++) {
      const record = table.get(shard)?.value
      if (record?.owner !== me || record.life !== life || seats[shard]?.owner === me) continue
      if (!holdings.held.has(shard) && !holdings.isWriting(shard)) await holdings.giveUp(shard, record.epoch)
    }
  }
}
