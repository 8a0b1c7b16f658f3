/**
 * The order bench: durable lives of orders on SQLite with real files and real syncs, through the public API.
 *
 * Three loads: `full`, always as many orders in flight as `--orders` says; `steady`, a share of what `full`
 * gave a second, whatever becomes of those before; `thousand`, a thousand a second in the same way. Rates are
 * the median of windows; latencies are of start and DELIVERED, from the call (or from when it was due) until it is
 * applied and durable.
 *
 * The backlog, at the beginning and after each window, is the orders begun and not ended: under `full` flat
 * by construction, under the others only if the runtime keeps up. `floorPerSecond` is what the journal alone
 * would allow (floor.ts), in orders: entries a second by the commands of an order. A commit is one sync;
 * `fsyncsPerSecond` leaves out those of checkpoints and of the high-water mark, one in some hundred.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime } from '../../runtime/index.js'
import type { Bench, BenchOptions, Line } from './bench.js'
import { Clients } from './clients.js'
import { type Floor, floorOf } from './floor.js'
import { commandsPerOrder, order } from './order-machine.js'
import { Latencies, median, round } from './statistics.js'
import { type Steady, steady } from './steady.js'

/** In flight at once, unless told otherwise. */
const ORDERS = 256
/** Orders a second of the steady load, as a share of what the full one gave; and how long it runs, as a share as well. */
const STEADY = { ofFull: 0.7, ofSeconds: 0.5 }
const THOUSAND = { perSecond: 1_000, ofSeconds: 0.25 }
/** What the slowest machine's pause may leave behind without it being a backlog that grows. */
const BACKLOG_SLACK = 20
/** How much larger the backlog may be at the end than at the start and still be called flat. */
const FLAT_FACTOR = 1.5

interface Measured {
  readonly steady: Steady
  /** On disk, once the journal is closed. */
  readonly bytesPerOrder: number
}

export const orderBench: Bench = {
  name: 'order',
  question: 'how many durable order lives of four activities a second, and how soon a command is applied',
  async *run(options) {
    const { orders = ORDERS } = options
    options.progress(`order: ${orders} in flight for ${options.seconds} s`)
    const full = await measure(options, 'full', clients => clients.closed(orders), options.seconds)
    const floor = await floorOf(full.steady.commits, join(options.directory, 'floor'))
    yield lineOf('full', full, floor)
    const perSecond = Math.max(1, Math.round(full.steady.ordersPerSecond * STEADY.ofFull))
    for (const paced of [
      { load: 'steady', ...STEADY, perSecond },
      { load: 'thousand', ...THOUSAND },
    ]) {
      const seconds = Math.max(2, options.seconds * paced.ofSeconds)
      options.progress(`order: ${paced.perSecond} a second for ${seconds} s`)
      const open = await measure(options, paced.load, clients => clients.open(paced.perSecond), seconds)
      yield lineOf(paced.load, open, floor)
    }
  },
}

async function measure(
  { directory }: BenchOptions,
  name: string,
  drive: (clients: Clients) => Promise<void>,
  seconds: number,
): Promise<Measured> {
  const path = join(directory, name)
  const runtime = await createRuntime({ actors: [order], path })
  const latencies = new Latencies()
  const clients = new Clients(runtime, latencies)
  const shards = [(runtime as EmbeddedRuntime).shard]
  try {
    const seen = await steady({ shards, clients, latencies, seconds, drive })
    await runtime.stop()
    return { steady: seen, bytesPerOrder: bytesIn(path) / clients.finished }
  } finally {
    await runtime.stop()
  }
}

function lineOf(load: string, { steady: seen, bytesPerOrder }: Measured, floor: Floor): Line {
  const perSecond = seen.ordersPerSecond
  const { backlog } = seen
  return {
    bench: 'order',
    mode: 'embedded',
    load,
    seconds: round(seen.seconds),
    orders: seen.orders,
    ordersPerSecond: round(perSecond),
    commandsPerSecond: round(seen.commandsPerSecond),
    fsyncsPerSecond: round(seen.commitsPerSecond),
    p50Ms: seen.p50Ms,
    p99Ms: seen.p99Ms,
    floorPerSecond: round(floor.journalEntriesPerSecond / commandsPerOrder),
    fileFloorPerSecond: round(floor.fileEntriesPerSecond / commandsPerOrder),
    ofFloor: round(perSecond / (floor.journalEntriesPerSecond / commandsPerOrder)),
    cpuUsPerCommand: round(seen.cpuUsPerCommand),
    commandsPerCommit: round(seen.commandsPerCommit),
    bytesPerOrder: round(bytesPerOrder),
    backlog,
    backlogIsFlat: median(backlog.slice(-3)) <= median(backlog.slice(0, 3)) * FLAT_FACTOR + BACKLOG_SLACK,
    slowestWindowPerSecond: round(seen.slowestWindowPerSecond),
    rssMb: round(process.memoryUsage().rss / 2 ** 20),
  }
}

function bytesIn(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
}
