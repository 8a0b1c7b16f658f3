/**
 * Who owns which shard: a bucket with a key a shard, written only conditionally on what was read. A record outlives
 * its owner: who it was and in which life says whether the shard is free.
 *
 * Invariant: the epoch of a shard only grows.
 */
import { UnavailableError } from '../../actors/errors.js'
import { type BucketSite, BucketView, type Seen } from './bucket-view.js'
import { isRevisionConflict } from './buckets.js'
import { readObject } from './member-record.js'

export interface ShardRecord {
  /** Absent: nobody's, released. */
  readonly owner?: string
  /** The life of the owner it was claimed in. */
  readonly life?: string
  readonly epoch: number
  /** When it was claimed or released, ms since 1970 by the writer's clock. */
  readonly since: number
  /** A member that is ready to take it over from the owner. */
  readonly wantedBy?: string
  /** Whom it was released to. */
  readonly to?: string
  /** Of one that was released: whether the log says of all that its owner ran where it goes on. */
  readonly isInOrder?: boolean
}

export interface ShardTableSite extends Omit<BucketSite<ShardRecord>, 'decode' | 'onChange'> {
  readonly shards: number
  onChange(): void
}

export class ShardTable {
  readonly shards: number
  readonly #site: ShardTableSite
  readonly #view: BucketView<ShardRecord>

  constructor(site: ShardTableSite) {
    this.#site = site
    this.shards = site.shards
    this.#view = new BucketView({ ...site, decode: (key, bytes) => this.#read(key, bytes) })
  }

  async open(): Promise<void> {
    await this.#view.open()
  }

  close(): void {
    this.#view.close()
  }

  get(shard: number): Seen<ShardRecord> | undefined {
    return this.#view.entries.get(String(shard))
  }

  /** When its bucket was made, ms since 1970 by the servers' clock. */
  get createdMs(): number {
    return Date.parse(this.#view.created)
  }

  /**
   * Writes the record if the shard's still is the one that was seen. Answers whether it did; when not, what stands
   * there instead was read.
   * @throws UnavailableError when no server answered: it may or may not have been written.
   */
  async write(shard: number, record: ShardRecord, seen: Seen<ShardRecord> | undefined): Promise<boolean> {
    const key = String(shard)
    try {
      const revision = await this.#view.kv.put(key, JSON.stringify(record), {
        previousSeq: seen?.revision ?? 0,
      })
      this.#view.learn(key, record, revision, this.#site.clock.now())
      return true
    } catch (error) {
      if (!isRevisionConflict(error))
        throw new UnavailableError(`shard ${shard}: its entry in the table was not written: ${String(error)}`)
    }
    const found = await this.#view.kv.get(key)
    const value = found === null ? undefined : this.#read(key, found.value)
    if (found !== null && value !== undefined)
      this.#view.learn(key, value, found.revision, found.created.getTime())
    return false
  }

  /** Other keys of the bucket are not this table's. */
  #read(key: string, bytes: Uint8Array): ShardRecord | undefined {
    const shard = Number(key)
    if (!Number.isInteger(shard) || shard < 0 || shard >= this.shards) return undefined
    const value = readObject(bytes)
    return typeof value?.epoch === 'number' ? (value as unknown as ShardRecord) : undefined
  }
}
