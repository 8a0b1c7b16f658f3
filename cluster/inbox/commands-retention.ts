/**
 * Forgets commands that were taken: the stream of them has room for so many bytes and refuses what comes then.
 *
 * Owns: how far the stream is purged for the shards of one member, and when. Does not own what was taken: it is told.
 *
 * Invariants: the message at a shard's place is never purged: it is the witness by which the place is found again. A
 * place is only given when the commit that holds it is in the log. That commit is the record of the floor: whoever
 * owns the shard next reads on from there, so nothing else is written down before a purge. And a place is purged up to
 * one round later than it was given, since a log may lose what it acknowledged and had not yet on its disks.
 */
import type { InboxPosition } from '../../actors/commit.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import type { ClusterGround } from '../streams/setup.js'

export interface CommandsRetentionSite {
  readonly connection: ClusterConnection
  readonly ground: Pick<ClusterGround, 'names' | 'shards'>
  readonly limits: Limits
}

export class CommandsRetention {
  readonly #site: CommandsRetentionSite
  /** As given in the round before. */
  #given: ReadonlyMap<number, number> = new Map()
  /** Sequences before which nothing is left: of the whole stream, and of each shard. */
  #floor = 0
  readonly #purged = new Map<number, number>()

  constructor(site: CommandsRetentionSite) {
    this.#site = site
  }

  /**
   * One round. A shard that was not given in the round before is left alone.
   * @param places of the shards that are owned here, as committed.
   * @throws what the servers say; the next round does what is left.
   */
  async forget(places: ReadonlyMap<number, InboxPosition>): Promise<void> {
    const before = this.#given
    this.#given = new Map([...places].map(([shard, { sequence }]) => [shard, sequence]))
    const due = new Map([...before].filter(([shard]) => places.has(shard)))
    await this.#forgetOfAll(due)
    const span = await this.#span()
    for (const [shard, sequence] of due) {
      const from = Math.max(this.#floor, this.#purged.get(shard) ?? 0)
      if (sequence - from < span) continue
      await this.#purge({ filter: this.#site.ground.names.shardCommands(shard), seq: sequence })
      this.#purged.set(shard, sequence)
    }
  }

  /** A purge of one shard's messages looks at those of all others too; one of the whole stream does not: a tenth of the work. */
  async #forgetOfAll(due: ReadonlyMap<number, number>): Promise<void> {
    if (due.size < this.#site.ground.shards) return
    const floor = Math.min(...due.values())
    if (floor <= this.#floor) return
    await this.#purge({ seq: floor })
    this.#floor = floor
  }

  /** How many messages of the stream a shard's own purge must be worth: few, once they take up much of its room. */
  async #span(): Promise<number> {
    const { connection, ground, limits } = this.#site
    const { config, state } = await connection.jsm.streams.info(ground.names.commandsStream)
    const isRoomy = config.max_bytes <= 0 || state.bytes < config.max_bytes / 8
    return isRoomy ? limits.commandsPurgeSpan : 1
  }

  async #purge(what: { readonly filter?: string; readonly seq: number }): Promise<void> {
    const { connection, ground } = this.#site
    await connection.jsm.streams.purge(ground.names.commandsStream, what)
  }
}
