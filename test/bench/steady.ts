/**
 * A load at a steady pace on one shard or several, and what was seen of it: a warm-up, then windows of equal
 * length. Rates are medians of windows; latencies are of all of them together.
 */
import type { Commit } from '../../actors/commit.js'
import type { Shard } from '../../runtime/embedded/embedded-service.js'
import type { Clients } from './clients.js'
import { type Tap, tap } from './floor.js'
import { type Latencies, median } from './statistics.js'

const WINDOWS = 6
const WARM_UP_MS = 3_000
/** How much longer it runs for the sake of the floor. */
const TAP_MS = 3_000

interface Sample {
  readonly atMs: number
  readonly finished: number
  readonly commands: number
  /** Commits made: each a transaction with a sync of its own. */
  readonly commits: number
  /** Processor time this process has used, microseconds: what neighbours on the machine take from it does not count. */
  readonly cpuUs: number
  /** Orders begun and not ended, and attempts that wait for a place to run in. */
  readonly backlog: number
}

export interface SteadyOptions {
  readonly shards: readonly Shard[]
  readonly clients: Clients
  readonly latencies: Latencies
  readonly seconds: number
  /** Keeps them at work until they are told to end. */
  drive(clients: Clients): Promise<void>
}

/** What was seen of a load. */
export class Steady {
  readonly samples: readonly Sample[]
  readonly p50Ms: number
  readonly p99Ms: number
  /** The last commits of the first shard. */
  readonly commits: readonly Commit[]

  constructor(samples: readonly Sample[], latencies: Latencies, { commits }: Tap) {
    this.samples = samples
    this.p50Ms = latencies.percentile(50)
    this.p99Ms = latencies.percentile(99)
    this.commits = commits
  }

  get seconds(): number {
    return this.#over(sample => sample.atMs) / 1000
  }

  get orders(): number {
    return this.#over(sample => sample.finished)
  }

  get ordersPerSecond(): number {
    return median(this.#rates(sample => sample.finished))
  }

  get slowestWindowPerSecond(): number {
    return Math.min(...this.#rates(sample => sample.finished))
  }

  get commandsPerSecond(): number {
    return median(this.#rates(sample => sample.commands))
  }

  get commitsPerSecond(): number {
    return median(this.#rates(sample => sample.commits))
  }

  get commandsPerCommit(): number {
    return this.#over(sample => sample.commands) / this.#over(sample => sample.commits)
  }

  get cpuUsPerCommand(): number {
    return this.#over(sample => sample.cpuUs) / this.#over(sample => sample.commands)
  }

  /** At the beginning, and at the end of each window. */
  get backlog(): readonly number[] {
    return this.samples.map(sample => sample.backlog)
  }

  #over(of: (sample: Sample) => number): number {
    return of(this.samples.at(-1)!) - of(this.samples[0]!)
  }

  #rates(of: (sample: Sample) => number): number[] {
    return this.samples.slice(1).map((sample, index) => {
      const before = this.samples[index]!
      return ((of(sample) - of(before)) / (sample.atMs - before.atMs)) * 1000
    })
  }
}

/** Lets clients run, to their end. @throws what one of them failed with */
export async function steady({ shards, clients, latencies, seconds, drive }: SteadyOptions): Promise<Steady> {
  const taps = shards.map(({ journal }) => tap(journal))
  const [first] = taps
  if (first === undefined) throw new Error('a load runs on at least one shard')
  const sample = (): Sample => ({
    atMs: performance.now(),
    finished: clients.finished,
    commands: sum(shards, ({ journal }) => journal.position),
    commits: sum(taps, one => one.count),
    cpuUs: cpuUs(),
    backlog: sum(shards, ({ host }) => host.runner.waiting) + clients.inFlight,
  })
  const driven = drive(clients)
  try {
    await pause(driven, WARM_UP_MS)
    latencies.reset()
    const samples = [sample()]
    for (let window = 0; window < WINDOWS; window++) {
      await pause(driven, (seconds * 1000) / WINDOWS)
      samples.push(sample())
    }
    const seen = new Steady(samples, latencies, first)
    // Only now: what the tap holds would be work for the collector while it is measured.
    first.open()
    await pause(driven, TAP_MS)
    return seen
  } finally {
    clients.end()
    await driven
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

function sum<One>(all: readonly One[], of: (one: One) => number): number {
  return all.reduce((total, one) => total + of(one), 0)
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
