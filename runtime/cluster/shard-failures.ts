/**
 * What becomes of a shard that failed on this member: healed where its journal does not fit the log and that can be
 * mended, stopped for good here where it cannot, left alone for a while otherwise.
 */
import { toErrorValue } from '../../actors/codec.js'
import { LogMismatchError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { HostLogger } from '../shard-host-options.js'
import type { ShardHealing } from './shard-healing.js'

interface FailuresSite {
  readonly healing: ShardHealing
  readonly limits: Limits
  readonly logger: HostLogger
}

export class ShardFailures {
  readonly #site: FailuresSite
  readonly #drop: (shard: number) => Promise<void>
  readonly #broken = new Map<number, unknown>()
  readonly #known = new WeakSet<LogMismatchError>()

  /** @param drop ends the shard here, and closes its journal. */
  constructor(site: FailuresSite, drop: (shard: number) => Promise<void>) {
    this.#site = site
    this.#drop = drop
  }

  /** Shards that cannot be brought up here, and why. */
  get broken(): ReadonlyMap<number, unknown> {
    return this.#broken
  }

  /** Resolves with how long to leave the shard alone. */
  async pauseAfter(shard: number, error: unknown): Promise<number> {
    const { logger, limits } = this.#site
    try {
      if (!(error instanceof LogMismatchError)) throw error
      await this.#heal(shard, error)
    } catch (reason) {
      const facts = { shard, error: toErrorValue(reason) }
      if (reason instanceof LogMismatchError) {
        // Nothing that is tried again would mend it.
        this.#broken.set(shard, reason)
        logger.error(facts, 'a shard is stopped here: its journal and the streams do not fit')
      } else logger.warn(facts, 'a shard was lost here')
    }
    return limits.shardRetryMs
  }

  /** Whoever waited for the shard and whoever ran it may both tell of one mismatch. */
  async #heal(shard: number, mismatch: LogMismatchError): Promise<void> {
    if (this.#known.has(mismatch)) return
    this.#known.add(mismatch)
    await this.#drop(shard)
    await this.#site.healing.heal(shard, mismatch)
  }
}
