/**
 * The order bench: durable lives of orders on SQLite with real files and real syncs, through the public API.
 *
 * Three loads: `full`, always as many orders in flight as `--orders` says; `steady` and `low`, so many a second
 * whatever becomes of those before: a share of what `full` gave. Rates are the median of windows; latencies
 * are of start and DELIVERED, from the call (or from when it was due) until it is applied and durable.
 *
 * The backlog, at the start, in the middle and at the end, is the orders begun and not ended: under `full` flat
 * by construction, under the others only if the runtime keeps up. `floorPerSecond` is what the journal alone
 * would allow (floor.ts), in orders: entries a second by the commands of an order.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime } from '../../runtime/index.js'
import type { Bench, BenchOptions, Line } from './bench.js'
import { Clients } from './clients.js'
import { entriesIn, type Floor, floorOf, type Tap, tap } from './floor.js'
import { commandsPerOrder, order } from './order-machine.js'
import { Latencies, median, round } from './statistics.js'

const WINDOWS = 6
const WARM_UP_MS = 3_000
/** How much longer it runs for the sake of the floor. */
const TAP_MS = 3_000
/** The loads with a pace: orders a second as a share of what the full load gave, and for what share of its time. */
const PACED = [
  { load: 'steady', ofFull: 0.7, ofSeconds: 0.5 },
  { load: 'low', ofFull: 0.1, ofSeconds: 0.25 },
]
/** What the slowest machine's pause may leave behind without it being a backlog that grows. */
const BACKLOG_SLACK = 20
/** How much larger the backlog may be at the end than at the start and still be called flat. */
const FLAT_FACTOR = 1.5

interface Sample {
  readonly atMs: number
  readonly finished: number
  readonly commands: number
  /** Processor time this process has used, microseconds: what neighbours on the machine take from it does not count. */
  readonly cpuUs: number
  /** Orders begun and not ended, and attempts that wait for a place to run in. */
  readonly backlog: number
}

interface Steady {
  readonly samples: readonly Sample[]
  readonly p50Ms: number
  readonly p99Ms: number
  readonly tap: Tap
  /** On disk, once the journal is closed. */
  readonly bytesPerOrder: number
}

export const orderBench: Bench = {
  name: 'order',
  question: 'how many durable order lives of four activities a second, and how soon a command is applied',
  async *run(options) {
    options.progress(`order: ${options.orders} in flight for ${options.seconds} s`)
    const full = await steady(options, 'full', clients => clients.closed(options.orders), options.seconds)
    const floor = await floorOf(full.tap.commits, join(options.directory, 'floor'))
    yield lineOf('full', full, floor)
    for (const { load, ofFull, ofSeconds } of PACED) {
      const perSecond = Math.max(1, Math.round(ordersPerSecond(full.samples) * ofFull))
      const seconds = Math.max(2, options.seconds * ofSeconds)
      options.progress(`order: ${perSecond} a second for ${seconds} s`)
      const paced = await steady(options, load, clients => clients.open(perSecond), seconds)
      yield lineOf(load, paced, floor)
    }
  },
}

/** Lets clients run: a warm-up, then windows of equal length. */
async function steady(
  options: BenchOptions,
  name: string,
  drive: (clients: Clients) => Promise<void>,
  seconds: number,
): Promise<Steady> {
  const path = join(options.directory, name)
  const runtime = await createRuntime({ actors: [order], path })
  const { host, journal } = (runtime as EmbeddedRuntime).shard
  const latencies = new Latencies()
  const clients = new Clients(runtime, latencies)
  const tapped = tap(journal)
  const driven = drive(clients)
  const sample = (): Sample => ({
    atMs: performance.now(),
    finished: clients.finished,
    commands: journal.position,
    cpuUs: cpuUs(),
    backlog: host.runner.waiting + clients.inFlight,
  })
  try {
    await pause(driven, WARM_UP_MS)
    latencies.reset()
    const samples = [sample()]
    for (let window = 0; window < WINDOWS; window++) {
      await pause(driven, (seconds * 1000) / WINDOWS)
      samples.push(sample())
    }
    const p50Ms = latencies.percentile(50)
    const p99Ms = latencies.percentile(99)
    // Only now: what the tap holds would be work for the collector while it is measured.
    tapped.open()
    await pause(driven, TAP_MS)
    clients.end()
    await driven
    await runtime.stop()
    return { samples, p50Ms, p99Ms, tap: tapped, bytesPerOrder: bytesIn(path) / clients.finished }
  } finally {
    clients.end()
    await runtime.stop()
  }
}

/** Waits, unless what runs meanwhile fails. */
async function pause(running: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([over, running])
  clearTimeout(timer)
}

function lineOf(
  load: string,
  { samples, p50Ms, p99Ms, bytesPerOrder, tap: tapped }: Steady,
  floor: Floor,
): Line {
  const first = samples[0]!
  const last = samples.at(-1)!
  const backlog = [first, samples[samples.length >> 1]!, last].map(sample => sample.backlog)
  const perSecond = ordersPerSecond(samples)
  return {
    bench: 'order',
    mode: 'embedded',
    load,
    seconds: round((last.atMs - first.atMs) / 1000),
    orders: last.finished - first.finished,
    ordersPerSecond: round(perSecond),
    commandsPerSecond: round(median(rates(samples, sample => sample.commands))),
    p50Ms,
    p99Ms,
    floorPerSecond: round(floor.journalEntriesPerSecond / commandsPerOrder),
    fileFloorPerSecond: round(floor.fileEntriesPerSecond / commandsPerOrder),
    ofFloor: round(perSecond / (floor.journalEntriesPerSecond / commandsPerOrder)),
    cpuUsPerCommand: round((last.cpuUs - first.cpuUs) / (last.commands - first.commands)),
    commandsPerCommit: round(entriesIn(tapped.commits) / tapped.commits.length),
    bytesPerOrder: round(bytesPerOrder),
    backlog,
    backlogIsFlat: backlog[2]! <= backlog[0]! * FLAT_FACTOR + BACKLOG_SLACK,
    slowestWindowPerSecond: round(Math.min(...rates(samples, sample => sample.finished))),
    rssMb: round(process.memoryUsage().rss / 2 ** 20),
  }
}

function ordersPerSecond(samples: readonly Sample[]): number {
  return median(rates(samples, sample => sample.finished))
}

function rates(samples: readonly Sample[], of: (sample: Sample) => number): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index]!
    return ((of(sample) - of(before)) / (sample.atMs - before.atMs)) * 1000
  })
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function bytesIn(path: string): number {
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
}
