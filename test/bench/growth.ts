/**
 * The growth bench: what becomes of orders a second, at full load, as what is kept, what an order holds, or the
 * number of shards grows.
 *
 * - `orders`: that many orders in the journal already (fill.ts), one in ten of them waiting. `oldP99Ms` is of
 *   a word to waiting ones picked at random among all, asleep since they were written.
 * - `contextKb`: each order's context that large. A record is committed whole, so bytes grow with it: `ofFloor`
 *   says how much of what the journal alone can do with the same commits is left.
 * - `shards`: the same load on that many shards of one process, each with its own journal. `full`: each commit is
 *   synced, a sync a shard; `normal`: it is not, as where a stream makes commits durable and one batch
 *   of it holds those of all the shards.
 *
 * `relative` is against a fresh journal of one shard with a thousand orders, measured right before and right after;
 * `relativeCpu` is that of the processor time of a command, which neighbours on the machine disturb less.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Durability } from '../../journal/index.js'
import { randomBits } from '../../machines/random.js'
import type { Bench, BenchOptions, Figure, Line } from './bench.js'
import { Clients } from './clients.js'
import { fill, scatteredOrder, waitingBefore } from './fill.js'
import { floorOf } from './floor.js'
import { type BenchOrder, commandsPerOrder, order } from './order-machine.js'
import { Shards } from './shards.js'
import { Latencies, round } from './statistics.js'
import { type Steady, steady } from './steady.js'

const IN_FLIGHT = 256
const REFERENCE_ORDERS = 1_000
const ORDERS = [1_000, 100_000, 1_000_000, 5_000_000]
const CONTEXT_KB = [1, 10, 100]
const SHARDS = [1, 64, 1_024]
/** A point's share of `--seconds`, which is a minute. */
const OF_SECONDS = 1 / 3
const OLD_ASKS = 500
/** Which waiting orders are asked: the same in every run. */
const SEED = 1

/** What is measured, and where. */
interface Point {
  readonly dimension: string
  readonly size: number
  /** Orders in the journal already. */
  readonly filled: number
  readonly shards?: number
  readonly durability?: Durability
  readonly contextKb?: number
  readonly more?: Line
}

interface Measured {
  readonly steady: Steady
  /** Orders in the journal by now. */
  readonly orders: number
  readonly more: Line
}

export const growthBench: Bench = {
  name: 'growth',
  question: 'what becomes of orders a second as orders, their contexts, or shards grow',
  async *run(options) {
    const site = new Site(options)
    let before = await site.reference()
    for (const point of pointsOf(options)) {
      const measured = await site.measure(point)
      const after = await site.reference()
      yield lineOf(point, measured, [before, after])
      before = after
    }
  },
}

function pointsOf({ dimension, most }: BenchOptions): readonly Point[] {
  const points: Point[] = [
    ...ORDERS.map(size => ({ dimension: 'orders', size, filled: size })),
    ...CONTEXT_KB.map(size => ({
      dimension: 'contextKb',
      size,
      contextKb: size,
      filled: REFERENCE_ORDERS,
    })),
    ...(['full', 'normal'] as const).flatMap(durability =>
      SHARDS.map(size => ({
        dimension: 'shards',
        size,
        shards: size,
        durability,
        filled: 0,
        more: { durability },
      })),
    ),
  ]
  return points.filter(
    point => (dimension === undefined || point.dimension === dimension) && point.size <= most,
  )
}

function lineOf(point: Point, { steady: seen, more }: Measured, references: readonly Steady[]): Line {
  const relativeIn = (of: (one: Steady) => number) => of(seen) / mean(references.map(of))
  return {
    bench: 'growth',
    dimension: point.dimension,
    size: point.size,
    ...point.more,
    ordersPerSecond: round(seen.ordersPerSecond),
    commandsPerSecond: round(seen.commandsPerSecond),
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    relative: round(relativeIn(one => one.ordersPerSecond)),
    relativeCpu: round(relativeIn(one => one.cpuUsPerCommand)),
    fsyncsPerSecond: point.durability === 'normal' ? 0 : round(seen.commitsPerSecond),
    commitsPerSecond: round(seen.commitsPerSecond),
    commandsPerCommit: round(seen.commandsPerCommit),
    cpuUsPerCommand: round(seen.cpuUsPerCommand),
    slowestWindowPerSecond: round(seen.slowestWindowPerSecond),
    rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    ...more,
  }
}

/** Where points are measured, one after the other. */
class Site {
  readonly #options: BenchOptions
  /** The one journal that keeps growing, and orders in it. */
  readonly #grown: string
  #grownOrders = 0
  #points = 0

  constructor(options: BenchOptions) {
    this.#options = options
    this.#grown = join(options.directory, 'orders')
  }

  /** What all the rest is compared with. */
  async reference(): Promise<Steady> {
    const measured = await this.#inFresh({ dimension: 'reference', size: 1, filled: REFERENCE_ORDERS })
    return measured.steady
  }

  measure(point: Point): Promise<Measured> {
    return point.dimension === 'orders' ? this.#inGrown(point) : this.#inFresh(point)
  }

  async #inFresh(point: Point): Promise<Measured> {
    const directory = join(this.#options.directory, `point-${++this.#points}`)
    try {
      if (point.filled > 0) await fill(join(directory, 'shard-0'), 0, point.filled, () => {})
      return await this.#load(point, directory, point.filled)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  async #inGrown(point: Point): Promise<Measured> {
    const told = (share: string) => this.#options.progress(`growth: ${share} of ${point.size} written`)
    const began = performance.now()
    const added = point.filled - this.#grownOrders
    if (added > 0) await fill(join(this.#grown, 'shard-0'), this.#grownOrders, point.filled, told)
    const filledSeconds = (performance.now() - began) / 1000
    const measured = await this.#load(point, this.#grown, Math.max(this.#grownOrders, point.filled))
    this.#grownOrders = measured.orders
    return { ...measured, more: { fillSeconds: round(filledSeconds), ...measured.more } }
  }

  async #load(point: Point, directory: string, filled: number): Promise<Measured> {
    const { orders = IN_FLIGHT, seconds, progress } = this.#options
    progress(`growth: ${point.dimension} ${point.size}`)
    const began = performance.now()
    const shards = new Shards(point.shards ?? 1, directory, point.durability ?? 'full')
    const openMs = performance.now() - began
    const latencies = new Latencies()
    const note = noteOf(point.contextKb ?? 0)
    const input = (n: number): BenchOrder => ({ ...scatteredOrder(filled + n - 1), ...note })
    const clients = new Clients(shards, latencies, input)
    try {
      const old = await askOld(shards, filled)
      const seen = await steady({
        shards: shards.all,
        clients,
        latencies,
        seconds: seconds * OF_SECONDS,
        drive: driven => driven.closed(orders),
      })
      const more = point.contextKb === undefined ? old : await floorShare(seen, join(directory, 'floor'))
      return { steady: seen, orders: filled + clients.begun, more: { openMs: round(openMs), ...more } }
    } finally {
      await shards.stop()
    }
  }
}

/** How soon orders answer that nobody asked for since they were written. */
async function askOld(shards: Shards, filled: number): Promise<Record<string, Figure>> {
  if (filled === 0) return {}
  const latencies = new Latencies()
  const bits = randomBits(SEED)
  for (let asked = 0; asked < OLD_ASKS; asked++) {
    const n = waitingBefore(bits() % filled)
    const began = performance.now()
    await shards.actor(order, scatteredOrder(n).orderId).ask({ type: 'NUDGE' })
    latencies.note(performance.now() - began)
  }
  return { oldP50Ms: latencies.percentile(50), oldP99Ms: latencies.percentile(99) }
}

async function floorShare(seen: Steady, directory: string): Promise<Record<string, Figure>> {
  const floor = await floorOf(seen.commits, directory)
  const floorPerSecond = floor.journalEntriesPerSecond / commandsPerOrder
  return {
    floorPerSecond: round(floorPerSecond),
    fileFloorPerSecond: round(floor.fileEntriesPerSecond / commandsPerOrder),
    ofFloor: round(seen.ordersPerSecond / floorPerSecond),
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function noteOf(kb: number): { readonly note?: string } {
  return kb === 0 ? {} : { note: 'n'.repeat(kb * 1024) }
}
