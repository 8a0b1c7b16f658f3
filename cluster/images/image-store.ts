/**
 * The images of shards in a stream of their own: chunks first, then a manifest, which makes an image of them.
 *
 * Invariants: a manifest is written only when it follows the one that was last when its image was begun, so of two who
 * make one at once one gives up; what is dropped is older than the images kept; every chunk is held against its
 * hash on arrival. Does not own what is in an image.
 */
import { createHash } from 'node:crypto'
import { AckPolicy, type Consumer, DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { headers, nanos, nuid } from '@nats-io/transport-node'
import type { Clock } from '../../actors/clock.js'
import type { ImageFacts } from '../../actors/image.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import { isRevisionConflict } from '../members/buckets.js'
import type { ClusterGround } from '../streams/setup.js'
import { followedBy, type ImageManifest, imageId, readManifest, type StoredImage } from './image-manifest.js'

export interface ImageStoreSite {
  readonly connection: ClusterConnection
  readonly ground: Pick<ClusterGround, 'names' | 'maxPayload'>
  readonly clock: Clock
  readonly limits: Limits
}

/** An image that is not what its manifest says. */
export class ImageDamagedError extends Error {
  constructor(shard: number, id: string, expected: string, found: string) {
    super(`image ${id} of shard ${shard}: expected ${expected}, found ${found}`)
    this.name = new.target.name
  }
}

const HASH = 'Perdure-Sha256'
const CHUNK = 'Perdure-Chunk'

export class ImageStore {
  readonly #site: ImageStoreSite

  constructor(site: ImageStoreSite) {
    this.#site = site
  }

  /** The images of a shard, newest first, as many as are kept. */
  async kept(shard: number): Promise<readonly StoredImage[]> {
    const { connection, ground, limits } = this.#site
    const { imagesStream: stream } = ground.names
    const subject = ground.names.imageManifest(shard)
    const images: StoredImage[] = []
    let query: { seq: number } | { last_by_subj: string } = { last_by_subj: subject }
    while (images.length < limits.imagesKept) {
      const found = await connection.jsm.streams.getMessage(stream, query)
      const image = found?.subject === subject ? readManifest(found.data, found.seq) : undefined
      if (image === undefined) break
      images.push(image)
      if (image.before === 0) break
      query = { seq: image.before }
    }
    return images
  }

  /** Those of the images that all is there of. */
  async whole(shard: number, images: readonly StoredImage[]): Promise<readonly StoredImage[]> {
    if (images.length === 0) return images
    const counts = await this.#chunkCounts(shard)
    return images.filter(image => counts.get(image.id) === image.chunks)
  }

  /** Bytes that a chunk of an image has, but the last. */
  get chunkBytes(): number {
    const { limits, ground } = this.#site
    return Math.min(limits.imageChunkBytes, ground.maxPayload - limits.clusterHeadroomBytes)
  }

  /**
   * Stores an image and drops what is older than those kept.
   * @param read gives so many bytes of it from an offset on; what it throws ends the storing.
   * @returns false when another was stored meanwhile: nothing is left of this one.
   * @throws what the servers say; what is left of it is dropped with the next that is stored.
   */
  async store(
    shard: number,
    facts: ImageFacts,
    member: string,
    read: (offset: number, bytes: number) => Promise<Uint8Array>,
  ): Promise<boolean> {
    const { connection, ground, clock } = this.#site
    const before = (await this.kept(shard))[0]?.sequence ?? 0
    const id = imageId(before, nuid.next())
    const chunks = await this.#sendChunks(shard, id, facts.bytes, read)
    const manifest: ImageManifest = { ...facts, id, member, at: clock.now(), chunks, before }
    try {
      await connection.js.publish(ground.names.imageManifest(shard), JSON.stringify(manifest), {
        expect: { lastSubjectSequence: before },
      })
    } catch (error) {
      if (!isRevisionConflict(error)) throw error
      await this.#purge({ filter: ground.names.imageChunks(shard, id) })
      return false
    }
    await this.#dropOlder(shard)
    return true
  }

  async #sendChunks(
    shard: number,
    id: string,
    bytes: number,
    read: (offset: number, bytes: number) => Promise<Uint8Array>,
  ): Promise<number> {
    const { connection, ground, limits, clock } = this.#site
    const subject = ground.names.imageChunks(shard, id)
    const since = clock.elapsed()
    let chunk = 0
    for (let offset = 0; offset < bytes; chunk++) {
      const body = await read(offset, Math.min(this.chunkBytes, bytes - offset))
      const own = headers()
      own.set(CHUNK, `${chunk}`)
      own.set(HASH, createHash('sha256').update(body).digest('hex'))
      await connection.js.publish(subject, body, { headers: own })
      offset += body.length
      const aheadMs = (offset / limits.imageBytesPerSecond) * 1000 - (clock.elapsed() - since)
      if (aheadMs > 0) await new Promise<void>(resolve => clock.after(aheadMs, resolve))
    }
    return chunk
  }

  /**
   * Gives the chunks of an image, in order.
   * @throws ImageDamagedError when they are not what was stored, or some are gone.
   */
  async read(shard: number, image: StoredImage, take: (chunk: Uint8Array) => Promise<void>): Promise<void> {
    const { connection, ground, limits } = this.#site
    const { imagesStream } = ground.names
    if ((await this.whole(shard, [image])).length === 0)
      throw new ImageDamagedError(shard, image.id, `${image.chunks} chunks`, 'another number of them')
    const { name } = await connection.jsm.consumers.add(imagesStream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.All,
      filter_subject: ground.names.imageChunks(shard, image.id),
      inactive_threshold: nanos(4 * limits.imageSilenceMs),
      mem_storage: true,
      num_replicas: 1,
    })
    const consumer = await connection.js.consumers.get(imagesStream, name)
    try {
      for (let next = 0; next < image.chunks; )
        next = await this.#readSome(shard, image, consumer, next, take)
    } finally {
      consumer.delete().catch(() => undefined)
    }
  }

  /** Answers which chunk comes next. */
  async #readSome(
    shard: number,
    { id, chunks }: StoredImage,
    consumer: Consumer,
    from: number,
    take: (chunk: Uint8Array) => Promise<void>,
  ): Promise<number> {
    const { limits } = this.#site
    const share = Math.max(1, Math.floor(limits.imageReadAheadBytes / this.chunkBytes))
    const wanted = Math.min(chunks - from, share)
    let next = from
    for await (const message of await consumer.fetch({
      max_messages: wanted,
      expires: limits.imageSilenceMs,
    })) {
      this.#check(shard, id, message, next++)
      await take(message.data)
      if (next === from + wanted) break
    }
    if (next === from)
      throw new ImageDamagedError(shard, id, `chunk ${from} of ${chunks}`, 'none in the stream')
    return next
  }

  #check(shard: number, id: string, { headers: own, data }: JsMsg, chunk: number): void {
    const found = `chunk ${own?.get(CHUNK)}`
    if (own?.get(CHUNK) !== `${chunk}`) throw new ImageDamagedError(shard, id, `chunk ${chunk}`, found)
    const hash = createHash('sha256').update(data).digest('hex')
    if (own.get(HASH) !== hash)
      throw new ImageDamagedError(shard, id, `${found} with SHA-256 ${own.get(HASH)}`, hash)
  }

  /** Images before those kept, and what those left who were killed while they made one. */
  async #dropOlder(shard: number): Promise<void> {
    const { ground, limits } = this.#site
    const kept = await this.kept(shard)
    await this.#purge({ filter: ground.names.imageManifest(shard), keep: limits.imagesKept })
    const newest = kept[0]?.sequence ?? 0
    for (const id of (await this.#chunkCounts(shard)).keys()) {
      // One that follows the newest is being made.
      if (followedBy(id) >= newest || kept.some(one => one.id === id)) continue
      await this.#purge({ filter: ground.names.imageChunks(shard, id) })
    }
  }

  /** By image. */
  async #chunkCounts(shard: number): Promise<ReadonlyMap<string, number>> {
    const { connection, ground } = this.#site
    const prefix = ground.names.imageChunks(shard, '')
    const { state } = await connection.jsm.streams.info(ground.names.imagesStream, {
      subjects_filter: `${prefix}*`,
    })
    return new Map(
      Object.entries(state.subjects ?? {}).map(([subject, count]) => [subject.slice(prefix.length), count]),
    )
  }

  async #purge(what: { readonly filter: string; readonly keep?: number }): Promise<void> {
    const { connection, ground } = this.#site
    await connection.jsm.streams.purge(ground.names.imagesStream, what)
  }
}
