/**
 * From where on the log of a shard is kept: a note in the shards' bucket, written before anything is purged. Whoever
 * finds the beginning of a log gone finds there since when, and up to where.
 *
 * Invariants: a floor only rises, and is the place of a commit that an image ends with: that commit's message stays, and
 * with it what images are held against; so the last message of a shard is never purged.
 */
import { type KV, Kvm } from '@nats-io/kv'
import type { LogPosition } from '../../actors/journal.js'
import type { ClusterConnection } from '../connection.js'
import { isRevisionConflict } from '../members/buckets.js'
import type { ClusterGround } from '../streams/setup.js'

export interface LogFloor {
  readonly log: LogPosition
  /** Position of the last entry that is not in the log any more. */
  readonly position: number
  /** When it was raised, ms since 1970 by the writer's clock, and who did. */
  readonly at: number
  readonly member: string
}

const KEY = 'floor'

export class LogFloors {
  readonly #connection: ClusterConnection
  readonly #ground: Pick<ClusterGround, 'names'>

  constructor(connection: ClusterConnection, ground: Pick<ClusterGround, 'names'>) {
    this.#connection = connection
    this.#ground = ground
  }

  async get(shard: number): Promise<LogFloor | undefined> {
    const entry = await (await this.#bucket()).get(floorKey(shard))
    return entry === null || entry.operation !== 'PUT' ? undefined : readFloor(entry.value)
  }

  /**
   * Raises it, unless it is as high, and lets go of what is below: of the shard's commits, not of what they sent.
   * @returns false when another member raised it meanwhile: nothing was purged.
   */
  async raise(shard: number, floor: LogFloor): Promise<boolean> {
    const bucket = await this.#bucket()
    const entry = await bucket.get(floorKey(shard))
    const known = entry === null || entry.operation !== 'PUT' ? undefined : readFloor(entry.value)
    if (known === undefined || isBelow(known.log, floor.log)) {
      try {
        await bucket.put(floorKey(shard), JSON.stringify(floor), { previousSeq: entry?.revision ?? 0 })
      } catch (error) {
        if (!isRevisionConflict(error)) throw error
        return false
      }
    } else if (isBelow(floor.log, known.log)) return false
    const { journalStream, commits } = this.#ground.names
    await this.#connection.jsm.streams.purge(journalStream, {
      filter: commits(shard),
      seq: floor.log.sequence,
    })
    return true
  }

  #bucket(): Promise<KV> {
    return new Kvm(this.#connection.js).open(this.#ground.names.shardsBucket)
  }
}

/** Its key in the bucket. */
function floorKey(shard: number): string {
  return `${KEY}.${shard}`
}

/** Undefined when it is none. */
function readFloor(bytes: Uint8Array): LogFloor | undefined {
  try {
    const floor = JSON.parse(Buffer.from(bytes).toString()) as LogFloor
    const { log, position, at } = floor
    return [log.incarnation, log.sequence, position, at].every(Number.isFinite) ? floor : undefined
  } catch {
    return undefined
  }
}

function isBelow(a: LogPosition, b: LogPosition): boolean {
  return a.incarnation < b.incarnation || (a.incarnation === b.incarnation && a.sequence < b.sequence)
}
