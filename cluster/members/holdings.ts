/**
 * The shards this member holds, and how it comes to hold them: by claiming what is nobody's, or whose owner's life
 * is over for everybody (living.ts).
 *
 * Invariants: what was claimed in one life is not held in another. A shard of a member that lives is not claimed.
 * A claim's epoch is above every one ever seen here.
 */
import type { Clock } from '../../actors/clock.js'
import { UnavailableError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { Living } from './living.js'
import type { ShardRecord, ShardTable } from './shard-table.js'

export interface HoldingsSite {
  readonly me: string
  readonly clock: Clock
  readonly limits: Limits
  readonly living: Living
  readonly table: ShardTable
  /** When the cluster was founded, ms since 1970 by the servers' clock, if that is known. */
  readonly foundedMs: number | undefined
  /** This member's life, while its lease holds and it may own. */
  life(): string | undefined
  onChange(): void
  onTrouble(message: string): void
}

/** To whom, and how, a shard is given up. */
export type Released = Pick<ShardRecord, 'to' | 'isInOrder'>

export class Holdings {
  readonly #site: HoldingsSite
  readonly #held = new Map<number, number>()
  readonly #highest = new Map<number, number>()
  readonly #writing = new Set<number>()

  constructor(site: HoldingsSite) {
    this.#site = site
  }

  /** Epochs by shard. Whether the lease still holds is another question. */
  get held(): ReadonlyMap<number, number> {
    return this.#held
  }

  /** Whether nobody holds the shard as far as is known here, and nobody else is to have it first. */
  isFree(shard: number): boolean {
    const { me, table, living, clock, limits } = this.#site
    const seen = table.get(shard)
    if (this.#writing.has(shard)) return false
    if (seen === undefined) return this.#isNew()
    const { owner, life = '', to } = seen.value
    const age = clock.elapsed() - seen.observedMs
    if (owner === undefined)
      return to === undefined || to === me || !this.#mayTake(to) || age >= limits.leaseMs
    if (owner === me && !this.#held.has(shard)) return true
    if (living.get(owner)?.life === life) return false
    // Of a life in a bucket that is no more nothing can be known, but that its lease runs out.
    return living.isOver(owner, life) || living.ownSeenMs >= seen.observedMs + 2 * limits.leaseMs
  }

  /** Whoever asked for a shard takes it, though it is meant for another by now: nobody else would for a while. */
  isReleasedToMe(shard: number): boolean {
    const record = this.#site.table.get(shard)?.value
    return record !== undefined && record.owner === undefined && record.to === this.#site.me
  }

  #mayTake(member: string): boolean {
    const record = this.#site.living.get(member)?.record
    return record !== undefined && !record.draining && !record.skewed
  }

  /**
   * A table without an entry may be one whose bucket was lost: until it has stood for a term somebody may own the
   * shard who was never told, unless the bucket is as old as the cluster.
   */
  #isNew(): boolean {
    const { living, table, limits, foundedMs } = this.#site
    const now = living.serverNowMs
    if (now === undefined) return false
    if (foundedMs !== undefined && table.createdMs - foundedMs < limits.leaseMs) return true
    return now - table.createdMs >= limits.leaseMs
  }

  /** The epoch, or undefined when the shard is not free, another was first, or this member may not own now. */
  async claim(shard: number, epochAbove: number): Promise<number | undefined> {
    const { me, table, clock } = this.#site
    const life = this.#site.life()
    if (life === undefined || this.#held.has(shard) || !this.isFree(shard)) return undefined
    const seen = table.get(shard)
    const epoch = Math.max(seen?.value.epoch ?? 0, this.#highest.get(shard) ?? 0, epochAbove) + 1
    const record: ShardRecord = { owner: me, life, epoch, since: clock.now() }
    if (!(await this.#write(shard, () => table.write(shard, record, seen)))) return undefined
    // The lease may have been lost while the write was on its way: then the claim is that of a dead member.
    if (this.#site.life() !== life) return undefined
    this.#held.set(shard, epoch)
    this.#site.onChange()
    return epoch
  }

  /**
   * From this call on the shard is not held. Resolves when all are told.
   * @throws UnavailableError when no server answered; the entry is mended as soon as one does.
   */
  async release(shard: number, how: Released): Promise<void> {
    const epoch = this.#held.get(shard)
    if (epoch === undefined) return
    this.#held.delete(shard)
    await this.#write(shard, () => this.giveUp(shard, epoch, how))
    this.#site.onChange()
  }

  async giveUp(shard: number, epoch: number, how: Released = {}): Promise<boolean> {
    const { me, table, clock, limits } = this.#site
    for (let tries = 0; tries < limits.shardWritesMax; tries++) {
      const seen = table.get(shard)
      if (seen?.value.owner !== me || seen.value.epoch !== epoch) return true
      const record: ShardRecord = { epoch, since: clock.now(), ...how }
      if (await table.write(shard, record, seen)) return true
    }
    throw new UnavailableError(
      `shard ${shard}: not released, its entry changed ${limits.shardWritesMax} times`,
    )
  }

  /** Nothing is held any more: the life it was held in is over. */
  drop(): void {
    this.#held.clear()
  }

  isWriting(shard: number): boolean {
    return this.#writing.has(shard)
  }

  /** Holds what is held against the table. What another has claimed is his; what the table lost is told to it again. */
  reconcile(): void {
    const { me, table } = this.#site
    for (let shard = 0; shard < table.shards; shard++) {
      const seen = table.get(shard)
      if (seen !== undefined)
        this.#highest.set(shard, Math.max(seen.value.epoch, this.#highest.get(shard) ?? 0))
      const epoch = this.#held.get(shard)
      if (epoch === undefined) continue
      if (seen === undefined || seen.revision === 0) this.#tellAgain(shard, epoch)
      else if (seen.value.owner !== me || seen.value.epoch !== epoch) this.#held.delete(shard)
    }
  }

  #tellAgain(shard: number, epoch: number): void {
    const { me, table, clock, onTrouble } = this.#site
    const life = this.#site.life()
    if (life === undefined || this.#writing.has(shard)) return
    const record: ShardRecord = { owner: me, life, epoch, since: clock.now() }
    this.#write(shard, () => table.write(shard, record, table.get(shard))).catch((error: unknown) =>
      onTrouble(String(error)),
    )
  }

  async #write(shard: number, write: () => Promise<boolean>): Promise<boolean> {
    this.#writing.add(shard)
    try {
      return await write()
    } finally {
      this.#writing.delete(shard)
    }
  }
}
