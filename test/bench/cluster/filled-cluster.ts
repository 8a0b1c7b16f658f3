/**
 * A cluster that has run for long, without the running: very many orders, a tenth of them live, in images and in what
 * the log still has.
 *
 * The journals are filled without living the orders' lives (fill.ts), each with the last of its entries only: images leave
 * history behind. The last commit of a shard goes through the log of the cluster, which so is as after a purge: it does
 * not begin with the shard. The orders are all alike, but for their ids: packed they are smaller than orders are. Images are made
 * and stored by what makes them in a member, one after the other.
 */
import { openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ImageFacts } from '../../../actors/image.js'
import { type Limits, limits as usual } from '../../../actors/limits.js'
import {
  ClusterCommitLog,
  type ClusterConnection,
  type ClusterGround,
  connectCluster,
  ImageStore,
  prepareStreams,
  shardOf,
} from '../../../cluster/index.js'
import { commitForm, ImageFiles, openJournal } from '../../../journal/index.js'
import { thisProcess } from '../../../runtime/compose.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import type { BenchOptions } from '../bench.js'
import {
  commitOf,
  ORDERS_A_COMMIT,
  type Recorded,
  recordOrder,
  scatteredOrder,
  WAITING_EVERY,
} from '../fill.js'
import { round } from '../statistics.js'

const TENTHS = 10
/** Nothing is held back here. */
const LIMITS: Limits = { ...usual, imageBytesPerSecond: Number.MAX_SAFE_INTEGER }

interface Options extends Pick<BenchOptions, 'directory' | 'progress'> {
  readonly actors: number
  readonly shards: number
}

/** Answers what was filled, and a live order of each shard that has any. */
export async function fillCluster(servers: string, options: Options) {
  const connection = await connectCluster({ servers }, 'filler')
  try {
    const ground = await prepareStreams(connection, undefined, { shards: options.shards })
    return await new Filling(connection, ground, options).run()
  } finally {
    await connection.close()
  }
}

function lastEntries({ orderId, waiting, ended }: Recorded): Recorded {
  const last = ({ entries, last }: Recorded['ended']) => ({ entries: entries.slice(-1), last })
  return { orderId, waiting: last(waiting), ended: last(ended) }
}

/** What is there before a member comes: journals, what the log still has, images. */
class Filling {
  readonly #connection: ClusterConnection
  readonly #ground: ClusterGround
  readonly #options: Options
  readonly #log: ClusterCommitLog
  readonly #files = new ImageFiles()

  constructor(connection: ClusterConnection, ground: ClusterGround, options: Options) {
    this.#connection = connection
    this.#ground = ground
    this.#options = options
    const site = { connection, ground, form: commitForm, clock: new SystemClock(), limits: LIMITS }
    this.#log = new ClusterCommitLog({ ...site, member: 'filler' })
  }

  async run() {
    const { shards, progress, directory } = this.#options
    const recorded = lastEntries(await recordOrder(join(directory, 'recorded')))
    const numbers = this.#numbers()
    const [since, waiting] = [performance.now(), new Map<number, string>()]
    let imageMs = 0
    const images = { bytes: 0, journalBytes: 0 }
    for (const [shard, mine] of numbers.entries()) {
      if (shard % Math.ceil(shards / TENTHS) === 0) progress(`filling: shard ${shard} of ${shards}`)
      const one = mine.find(n => n % WAITING_EVERY === 0)
      if (one !== undefined) waiting.set(shard, scatteredOrder(one).orderId)
      const path = join(directory, `filled-${shard}`)
      await this.#fill(shard, mine, recorded, path)
      const began = performance.now()
      const facts = await this.#image(shard, path)
      images.bytes += facts.bytes
      images.journalBytes += facts.journalBytes
      imageMs += performance.now() - began
      rmSync(path, { recursive: true })
    }
    return {
      waiting: [...waiting.values()],
      fillSeconds: round((performance.now() - since - imageMs) / 1000),
      imageSeconds: round(imageMs / 1000),
      imagesMb: round(images.bytes / 2 ** 20),
      unpackedMb: round(images.journalBytes / 2 ** 20),
    }
  }

  /** Of the orders, by shard. */
  #numbers(): readonly (readonly number[])[] {
    const { shards, actors } = this.#options
    const numbers: number[][] = Array.from({ length: shards }, () => [])
    for (let n = 0; n < actors; n++) numbers[shardOf(`order/${scatteredOrder(n).orderId}`, shards)]!.push(n)
    return numbers
  }

  async #fill(shard: number, mine: readonly number[], recorded: Recorded, path: string): Promise<void> {
    const holder = { ...thisProcess(), since: Date.now() }
    const journal = openJournal({ path, holder, durability: 'normal' })
    try {
      for (let first = 1; first < mine.length; first += ORDERS_A_COMMIT)
        await journal.append(commitOf(recorded, journal.position, mine.slice(first, first + ORDERS_A_COMMIT)))
      const commit = commitOf(recorded, journal.position, mine.slice(0, 1))
      const log = await this.#log.claim(shard, 1, undefined)
      if (log === undefined) throw new Error(`shard ${shard} was claimed by another`)
      await journal.append(commit, await log.append(commit))
      log.release()
      journal.settle()
    } finally {
      journal.close()
    }
  }

  async #image(shard: number, path: string): Promise<ImageFacts> {
    const file = `${path}.image`
    const facts = await this.#files.pack(path, file)
    const fd = openSync(file, 'r')
    const site = {
      connection: this.#connection,
      ground: this.#ground,
      clock: new SystemClock(),
      limits: LIMITS,
    }
    await new ImageStore(site).store(shard, facts, 'filler', async (offset, bytes) => {
      const chunk = Buffer.allocUnsafe(bytes)
      readSync(fd, chunk, 0, bytes, offset)
      return chunk
    })
    rmSync(file)
    return facts
  }
}
