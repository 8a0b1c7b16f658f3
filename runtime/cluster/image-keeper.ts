/**
 * Looks after the images of the shards on one member, and after what the log may let go of because of them.
 *
 * Who stands by for a shard makes its images, in a thread of its own; the owner does when it is alone, or when they are
 * long overdue. The owner raises the floor of the log: to the oldest image kept, once there are as many as are kept,
 * each whole in its stream, and another member than the owner has made one of them, if there is another: then the
 * history that the log lets go of is in two journals.
 */
import { rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { InboxPosition } from '../../actors/commit.js'
import type { Journal, LogPosition } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { ImageStore, LogFloors, Membership, SentRetention, StoredImage } from '../../cluster/index.js'
import type { ImageFiles } from '../../journal/index.js'
import type { HostLogger } from '../shard-host-options.js'
import { shardDirectory } from './shard-directory.js'

export interface ImageKeeperSite {
  /** The member's directory. */
  readonly path: string
  readonly images: ImageStore
  readonly files: ImageFiles
  readonly floors: LogFloors
  readonly sent: SentRetention
  readonly membership: Pick<Membership, 'id' | 'members' | 'owner'>
  /** Of the log. */
  readonly incarnation: number
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  /** @throws LogMismatchError when the log does not hold that commit. */
  verify(shard: number, at: LogPosition): Promise<unknown>
}

/** A shard as it is here. */
export interface KeptShard {
  readonly number: number
  readonly isOwned: boolean
  readonly journal: Journal | undefined
}

export class ImageKeeper {
  readonly #site: ImageKeeperSite
  readonly #stopped = new AbortController()
  /** Bytes of each journal here when an image of it was last seen to be new. */
  readonly #bytes = new Map<number, { readonly image: string | undefined; readonly bytes: number }>()
  /** Up to where each log was let go of by this member. */
  readonly #floors = new Map<number, number>()
  #shards: () => Iterable<KeptShard> = () => []
  #cancel = () => {}

  constructor(site: ImageKeeperSite) {
    this.#site = site
  }

  start(shards: () => Iterable<KeptShard>): void {
    this.#shards = shards
    this.#later()
  }

  /** Resolves when no journal is read any more for an image, nor made of one. What was asked of the servers is not waited for. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the member stops'))
    this.#cancel()
    await this.#site.files.close()
  }

  #later(): void {
    if (this.#stopped.signal.aborted) return
    this.#cancel = this.#site.clock.after(this.#site.limits.imageLookMs, () => {
      void this.#look().then(() => this.#later())
    })
  }

  /** One shard after the other. Never rejects. */
  async #look(): Promise<void> {
    for (const shard of [...this.#shards()]) {
      if (this.#stopped.signal.aborted) return
      await this.#tell(shard.number, () => this.#keep(shard))
    }
    if (!this.#stopped.signal.aborted) await this.#tell(undefined, () => this.#forgetSent())
  }

  async #tell(shard: number | undefined, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      const what =
        shard === undefined ? 'what arrived was not purged from the log' : 'no image, or no floor of the log'
      this.#site.logger.warn({ shard, error: toErrorValue(error) }, `${what}: it is tried again`)
    }
  }

  async #keep(shard: KeptShard): Promise<void> {
    const { journal, number } = shard
    if (journal?.logPosition?.incarnation !== this.#site.incarnation) return
    // Read before anything is waited for: it may be closed then.
    const reached = { position: journal.position, bytes: journal.bytes() }
    const kept = await this.#goodOnes(number)
    const times = this.#timesDue(number, reached, kept[0])
    const isDue = times >= this.#patience(shard)
    if (isDue) {
      shard.journal?.flush()
      await this.#make(number)
    }
    if (shard.isOwned) await this.#raise(number, isDue ? await this.#goodOnes(number) : kept)
  }

  /** The images of this life of the log that all is there of: others count for nothing. */
  async #goodOnes(number: number): Promise<readonly StoredImage[]> {
    const { images, incarnation } = this.#site
    const kept = await images.kept(number)
    return await images.whole(
      number,
      kept.filter(one => one.log.incarnation === incarnation),
    )
  }

  /** How many times over an image is due. */
  #timesDue(
    number: number,
    { position, bytes }: { readonly position: number; readonly bytes: number },
    newest: StoredImage | undefined,
  ): number {
    const { imageEntriesMin, imageEntriesPerActor, imageBytesMin } = this.#site.limits
    const before = this.#bytes.get(number)
    if (before === undefined || before.image !== newest?.id)
      this.#bytes.set(number, { image: newest?.id, bytes })
    const grown = bytes - (this.#bytes.get(number)?.bytes ?? 0)
    const entries = position - (newest?.position ?? 0)
    return Math.max(
      entries / Math.max(imageEntriesMin, imageEntriesPerActor * (newest?.actors ?? 0)),
      grown / Math.max(imageBytesMin, newest?.journalBytes ?? 0),
    )
  }

  #patience({ isOwned, number }: KeptShard): number {
    const { membership, limits } = this.#site
    // Nobody's for the moment: whoever takes it over has more to do.
    if (!isOwned) return membership.owner(number) === undefined ? Number.POSITIVE_INFINITY : 1
    return this.#isAlone() ? 1 : limits.imagePatience
  }

  #isAlone(): boolean {
    const { membership } = this.#site
    return membership.members().every(one => one.id === membership.id || one.draining)
  }

  async #make(number: number): Promise<void> {
    const { images, membership, path } = this.#site
    const { signal } = this.#stopped
    const packed = join(path, `shard-${number}.image`)
    try {
      const facts = await this.#site.files.pack(shardDirectory(number, { path }), packed)
      await this.#site.verify(number, facts.log)
      const file = await open(packed, 'r')
      try {
        await images.store(number, facts, membership.id, async (offset, bytes) => {
          signal.throwIfAborted()
          const chunk = Buffer.allocUnsafe(bytes)
          const { bytesRead } = await file.read(chunk, 0, bytes, offset)
          if (bytesRead !== bytes) throw new Error(`${packed} ends at ${offset + bytesRead}`)
          return chunk
        })
      } finally {
        await file.close()
      }
    } finally {
      for (const file of [packed, `${packed}.db`]) rmSync(file, { force: true })
    }
  }

  async #raise(number: number, kept: readonly StoredImage[]): Promise<void> {
    const { floors, membership, clock, limits } = this.#site
    const oldest = kept[limits.imagesKept - 1]
    if (oldest === undefined || (this.#floors.get(number) ?? 0) >= oldest.log.sequence) return
    if (!this.#isAlone() && kept.every(one => one.member === membership.id)) return
    for (const image of kept) await this.#site.verify(number, image.log)
    const { log, position } = oldest
    if (await floors.raise(number, { log, position, at: clock.now(), member: membership.id }))
      this.#floors.set(number, log.sequence)
  }

  async #forgetSent(): Promise<void> {
    const { sent, limits } = this.#site
    const places = new Map<number, InboxPosition>()
    let hasFirst = false
    for (const { isOwned, journal, number } of this.#shards()) {
      if (!isOwned) continue
      hasFirst ||= number === 0
      const place = journal?.taken().find(one => one.inbox === 'sends')
      if (place !== undefined && place.sequence > 0) places.set(number, place)
    }
    await sent.forgetSent(places, limits.logPurgeSpan)
    // One member's, whoever has the first shard.
    if (hasFirst) await sent.forgetEvents(limits.logPurgeSpan)
  }
}
