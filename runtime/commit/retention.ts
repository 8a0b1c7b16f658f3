/**
 * Forgets finished actors once their definition's time has passed. Not a command: nothing about an actor
 * changes, it is only no longer kept. Rare, in small shares, and only between batches.
 */
import { isJournalFull } from '../../actors/errors.js'
import type { ShardHostOptions } from '../shard-host-options.js'
import type { ActorCache } from './actor-cache.js'

type RetentionSite = Pick<ShardHostOptions, 'journal' | 'bindings' | 'clock' | 'limits' | 'time'>

export class Retention {
  readonly #site: RetentionSite
  readonly #cache: ActorCache
  /** How long each type's actors are kept after their end. */
  readonly #kept: ReadonlyMap<string, number>
  #nextAt: number

  /** Of several versions of a type, the longest time counts. In event time everything is kept. */
  constructor(site: RetentionSite, cache: ActorCache) {
    this.#site = site
    this.#cache = cache
    const kept = new Map<string, number>()
    const behaviours = site.time === 'event' ? [] : site.bindings.all
    for (const { type, retainMs = Number.POSITIVE_INFINITY } of behaviours)
      kept.set(type, Math.max(kept.get(type) ?? 0, retainMs))
    this.#kept = new Map([...kept].filter(([, retainMs]) => Number.isFinite(retainMs)))
    this.#nextAt = this.#kept.size === 0 ? Number.POSITIVE_INFINITY : site.clock.now()
  }

  /** When to sweep next; Infinity when everything is kept for good. */
  get nextAt(): number {
    return this.#nextAt
  }

  /** Forgets a share of what has outlived its time. Without room even forgetting must wait for the next sweep. */
  sweep(): void {
    const { clock, limits } = this.#site
    const now = clock.now()
    if (now < this.#nextAt) return
    let isDone = true
    try {
      isDone = this.#forgetShare(now)
    } catch (error) {
      if (!isJournalFull(error)) throw error
    }
    this.#nextAt = isDone ? now + limits.retentionSweepMs : now
  }

  /** Answers whether that was all. */
  #forgetShare(now: number): boolean {
    const { journal, limits } = this.#site
    let isDone = true
    for (const [type, retainMs] of this.#kept) {
      const ended = journal.ended(type, now - retainMs, limits.retentionShareMax)
      for (const address of ended) {
        journal.forget(address)
        this.#cache.drop(address)
      }
      if (ended.length === limits.retentionShareMax) isDone = false
    }
    return isDone
  }
}
