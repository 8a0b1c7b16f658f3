/**
 * How a member begins with a shard that it has nothing of, or too little: with the newest image that is whole, from
 * which it reads on in the log.
 *
 * Invariants: an image is used only if the log still holds the very commit it ends with; it is in its place whole or
 * not at all, whenever the process is killed; one that is damaged is reported and skipped; without any the shard is
 * refused, loudly, unless the log itself has all of it.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { toErrorValue } from '../../actors/codec.js'
import { LogMismatchError, SetupError } from '../../actors/errors.js'
import type { LogPosition } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { ImageDamagedError, type ImageStore, type StoredImage } from '../../cluster/index.js'
import type { ImageFiles } from '../../journal/index.js'
import type { HostLogger } from '../shard-host-options.js'
import { hasJournal, shardDirectory } from './shard-directory.js'

export interface ColdStartSite {
  /** The member's directory. */
  readonly path: string
  readonly images: Pick<ImageStore, 'kept' | 'read'>
  readonly files: Pick<ImageFiles, 'unpack'>
  /** Of the log. */
  readonly stream: string
  readonly incarnation: number
  readonly limits: Pick<Limits, 'imageLoadsMax' | 'claimTriesMax'>
  readonly logger: HostLogger
  /** @throws LogMismatchError when the log does not hold that commit. */
  verify(shard: number, at: LogPosition): Promise<unknown>
}

export class ColdStart {
  readonly #site: ColdStartSite
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(site: ColdStartSite) {
    this.#site = site
  }

  /** Before a shard's journal is opened: makes it of an image, where there is no journal and there is an image. */
  async prepare(shard: number): Promise<void> {
    if (hasJournal(shard, this.#site)) return
    try {
      if ((await this.#site.images.kept(shard)).length === 0) return
      const { id, position, historyFrom, member, at } = await this.begin(shard, 'not read yet', () => {})
      const facts = { shard, image: id, position, historyFrom, madeBy: member, madeAt: at }
      this.#site.logger.warn(
        facts,
        'a shard begins here with an image: what its history was before that is not here',
      )
    } catch (error) {
      // The log may have all of it: whoever reads it there finds that out, and comes back here if not.
      if (!(error instanceof LogMismatchError)) throw error
    }
  }

  /**
   * Makes the shard's journal of the newest image that can be used, and answers which one.
   * @param log what is known of the log, for people.
   * @param makeRoom called once that journal is whole, to move what is in its place.
   * @throws LogMismatchError when there is none.
   */
  async begin(shard: number, log: string, makeRoom: () => void): Promise<StoredImage> {
    const { images, limits, stream, incarnation } = this.#site
    const refused = new Map<string, string>()
    for (let tries = 0; tries < limits.claimTriesMax; tries++) {
      // Those that were there a moment ago may have made room for newer ones.
      const image = (await images.kept(shard)).find(one => !refused.has(one.id))
      if (image === undefined) break
      if (image.log.incarnation !== incarnation) {
        refused.set(
          image.id,
          `image ${image.id} is of log ${image.log.incarnation}, this one is ${incarnation}`,
        )
        continue
      }
      const reason = await this.#try(shard, image, makeRoom)
      if (reason === undefined) return image
      refused.set(image.id, reason)
    }
    const found =
      refused.size === 0 ? 'no image' : `no image that can be used: ${[...refused.values()].join('; ')}`
    throw new LogMismatchError(
      'purged',
      { stream, shard },
      'the log from its beginning, or an image that the log goes on from',
      `${found}; in the log: ${log}. A journal of the shard must be copied from another member`,
    )
  }

  /** Answers why not. */
  async #try(shard: number, image: StoredImage, makeRoom: () => void): Promise<string | undefined> {
    const { logger } = this.#site
    await this.#turn()
    try {
      await this.#site.verify(shard, image.log)
      await this.#load(shard, image, makeRoom)
      return undefined
    } catch (error) {
      if (!isOfTheImage(error)) throw error
      logger.error({ shard, image: image.id, error: toErrorValue(error) }, 'an image was skipped')
      return `image ${image.id}: ${toErrorValue(error).message}`
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  async #load(shard: number, image: StoredImage, makeRoom: () => void): Promise<void> {
    const directory = shardDirectory(shard, this.#site)
    const unfinished = `${directory}.beginning`
    // What a process left that was killed in it.
    rmSync(unfinished, { recursive: true, force: true })
    const packed = join(unfinished, 'image')
    const journal = join(unfinished, 'journal')
    mkdirSync(journal, { recursive: true, mode: 0o700 })
    try {
      const file = await open(packed, 'w')
      try {
        await this.#site.images.read(shard, image, async chunk => void (await file.writeFile(chunk)))
      } finally {
        await file.close()
      }
      await this.#site.files.unpack(packed, image, journal)
      makeRoom()
      // What is left there holds nothing of the shard.
      if (existsSync(directory)) rmSync(directory, { recursive: true })
      renameSync(journal, directory)
    } finally {
      rmSync(unfinished, { recursive: true, force: true })
    }
  }

  /** Resolves when few enough are at it. */
  async #turn(): Promise<void> {
    while (this.#running >= this.#site.limits.imageLoadsMax)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    this.#running++
  }
}

/** Whether it is the image that is wrong, and not the place or the connection. */
function isOfTheImage(error: unknown): boolean {
  if (error instanceof ImageDamagedError || error instanceof LogMismatchError) return true
  return error instanceof SetupError && (error.code === 'JournalCorrupt' || error.code === 'JournalTooNew')
}
