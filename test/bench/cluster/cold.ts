/**
 * The cold bench: a member with an empty disk takes over very many orders, a tenth of them live. How soon it answers the
 * first command, and one for an order of every shard, from its spawning on; how many bytes it is sent.
 *
 * The journals are filled without living the orders' lives (fill.ts), each with the last of its entries only: images leave
 * history behind. The last commit of a shard goes through the log of the cluster, which so is as after a purge: it does
 * not begin with the shard. The orders are all alike, but for their ids: packed they are smaller than orders are. Images are made
 * and stored by what makes them in a member, one after the other.
 */
import { mkdirSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
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
import { type NatsServer, startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import { connect } from '../../../runtime/index.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import type { Bench, BenchOptions } from '../bench.js'
import {
  commitOf,
  ORDERS_A_COMMIT,
  type Recorded,
  recordOrder,
  scatteredOrder,
  WAITING_EVERY,
} from '../fill.js'
import { order } from '../order-machine.js'
import { round } from '../statistics.js'
import { Peer } from './peer.js'

const SHARDS = 64
const LOOK_EVERY_MS = 5
const ASK_MS_MAX = 120_000
const TENTHS = 10
/** Nothing is held back here. */
const LIMITS: Limits = { ...usual, imageBytesPerSecond: Number.MAX_SAFE_INTEGER }

type Options = Pick<BenchOptions, 'actors' | 'shards' | 'directory' | 'progress'>

export const coldBench: Bench = {
  name: 'cold',
  question: 'how soon a member with an empty disk has taken over very many orders, a tenth of them live',
  async *run({ actors, shards = SHARDS, directory, progress }) {
    const server = await startNatsServer({ storeDir: join(directory, 'store') })
    const connection = await connectCluster({ servers: server.url }, 'filler')
    try {
      const ground = await prepareStreams(connection, undefined, { shards })
      const filled = await new Filling(connection, ground, { actors, shards, directory, progress }).run()
      progress('cold: a member with an empty disk')
      const before = await bytesSent(server)
      const taken = await takeOver(server.url, filled.waiting, join(directory, 'cold'), shards)
      const moved = (await bytesSent(server)) - before
      const { waiting: _, ...figures } = filled
      yield {
        bench: 'cold',
        orders: actors,
        live: Math.ceil(actors / WAITING_EVERY),
        shards,
        ...figures,
        ...taken,
        movedMb: round(moved / 2 ** 20),
        movedBytesPerOrder: Math.round(moved / actors),
      }
    } finally {
      await connection.close()
      await server.stop()
    }
  },
}

function lastEntries({ orderId, waiting, ended }: Recorded): Recorded {
  const last = ({ entries, last }: Recorded['ended']) => ({ entries: entries.slice(-1), last })
  return { orderId, waiting: last(waiting), ended: last(ended) }
}

/** What is there before the member comes: journals, what the log still has, images. */
class Filling {
  readonly #connection: ClusterConnection
  readonly #ground: ClusterGround
  readonly #options: Required<Options>
  readonly #log: ClusterCommitLog
  readonly #files = new ImageFiles()

  constructor(connection: ClusterConnection, ground: ClusterGround, options: Required<Options>) {
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
      if (shard % Math.ceil(shards / TENTHS) === 0) progress(`cold: shard ${shard} of ${shards}`)
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

/** Asks one order of each shard from the beginning on, as soon as there is a member to ask. */
async function takeOver(servers: string, waiting: readonly string[], path: string, shards: number) {
  mkdirSync(path)
  const began = performance.now()
  const sinceMs = () => Math.round(performance.now() - began)
  const connecting = connect({ actors: [order], servers, limits: { remoteAwayMsMax: ASK_MS_MAX } })
  const member = await Peer.start('./member.js', { servers, path, shards }, undefined)
  const client = await connecting
  try {
    const memberMs = sinceMs()
    const options = { timeoutMs: ASK_MS_MAX }
    const answered = await Promise.all(
      waiting.map(id => client.actor(order, id).ask({ type: 'DELIVERED' }, options).then(sinceMs)),
    )
    while ((await member.ask<number>('owned')) < shards) await delay(LOOK_EVERY_MS)
    const allOwnedMs = sinceMs()
    const { rssMb } = await member.ask<{ rssMb: number }>('sample')
    await member.ask('end')
    await member.ended()
    return {
      memberMs,
      firstAnswerMs: Math.min(...answered),
      allShardsAnswerMs: Math.max(...answered),
      allOwnedMs,
      memberRssMb: rssMb,
    }
  } finally {
    member.kill()
    await client[Symbol.asyncDispose]()
  }
}

/** To whoever is connected. */
async function bytesSent(server: NatsServer): Promise<number> {
  return Number((await server.monitor('/varz'))?.out_bytes)
}
