/**
 * Shards whose log has lost what a member's journal still holds: a note in the shards' bucket. Whoever has less in its
 * journal than the note says must not go on with the shard, or what was acknowledged would be gone without a word.
 */
import { type KV, Kvm } from '@nats-io/kv'
import type { ClusterConnection } from '../connection.js'
import type { Names } from '../names.js'

export interface LostTail {
  /** Who has it. */
  readonly member: string
  /** How far that member's journal goes, and how far the log goes. */
  readonly position: number
  readonly logPosition: number
}

const key = (shard: number) => `lost.${shard}`

export class LostTails {
  readonly #connection: ClusterConnection
  readonly #names: Names
  #opened: Promise<KV> | undefined

  constructor(connection: ClusterConnection, names: Names) {
    this.#connection = connection
    this.#names = names
  }

  async get(shard: number): Promise<LostTail | undefined> {
    const entry = await (await this.#bucket()).get(key(shard))
    return entry === null || entry.operation !== 'PUT' ? undefined : entry.json<LostTail>()
  }

  /** The longest stays. */
  async note(shard: number, tail: LostTail): Promise<void> {
    const bucket = await this.#bucket()
    const entry = await bucket.get(key(shard))
    const known = entry === null || entry.operation !== 'PUT' ? undefined : entry.json<LostTail>()
    if ((known?.position ?? 0) < tail.position)
      await bucket.put(key(shard), JSON.stringify(tail), { previousSeq: entry?.revision ?? 0 })
  }

  async forget(shard: number): Promise<void> {
    await (await this.#bucket()).delete(key(shard))
  }

  #bucket(): Promise<KV> {
    this.#opened ??= new Kvm(this.#connection.js).open(this.#names.shardsBucket).catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }
}
