/**
 * The cluster bench: durable lives of orders on one member over one NATS server, the client in a process of its own.
 *
 * Always as many orders in flight as `--orders` says. Rates are medians of windows; latencies are of start and
 * DELIVERED, from the call until it is applied and durable. Processor shares are of one core each, by
 * /proc: the three of them are the whole of what an order costs. `queued` is how much of the time the main thread of one
 * was ready and others had the processor: far above nothing, the rates tell of the neighbours. A commit is one shard's; several fly as one atomic
 * batch, which is one sync of the server under `--sync-always`.
 *
 * `--actors` has so many orders there before, in images of the shards; the member takes them over first.
 *
 * `--floor` has the same messages sent and answered by processes that do nothing else: what is left there is the server
 * and two bare connections, so no member and client of ours can carry more on the machine.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startNatsServer } from '../../../runtime/demo/nats-server/start-server.js'
import type { Bench, BenchOptions, Line } from '../bench.js'
import { median, round } from '../statistics.js'
import type { ClientSample } from './client.js'
import { fillCluster } from './filled-cluster.js'
import { LogRates } from './log-rates.js'
import type { MemberSample } from './member.js'
import { Peer } from './peer.js'

const ORDERS = 512
const SHARDS = 16
const WINDOWS = 6
const WARM_UP_MS = 4_000
const LOOK_EVERY_MS = 50
/** How much larger the backlog may be at the end than at the start and still be called flat. */
const FLAT_FACTOR = 1.5
const BACKLOG_SLACK = 20

const PROGRAMS = {
  cluster: { member: './member.js', client: './client.js' },
  floor: { member: './floor-member.js', client: './floor-client.js' },
} as const

interface Parties {
  readonly server: { readonly pid: number }
  readonly member: Peer
  readonly client: Peer
  readonly log: LogRates
}

interface Sample extends ClientSample, MemberSample {
  readonly atMs: number
  readonly commits: number
  /** Processor time so far, seconds. */
  readonly server: number
  readonly member: number
  readonly client: number
  /** Time ready and not running so far, seconds. */
  readonly memberQueued: number
  readonly clientQueued: number
}

export const clusterBench: Bench = {
  name: 'cluster',
  question: 'how many durable order lives of four activities a second, on one member over one NATS server',
  async *run(options) {
    const { syncAlways = false, shards = SHARDS, orders = ORDERS, directory, profiles, progress } = options
    const { actors = 0 } = options
    const mode = options.floor === true ? 'floor' : 'cluster'
    const programs = PROGRAMS[mode]
    const server = await startNatsServer({ syncAlways, storeDir: join(directory, 'store') })
    const peers: Peer[] = []
    try {
      if (actors > 0) await fillCluster(server.url, { actors, shards, directory, progress })
      const setting = { servers: server.url, path: join(directory, 'member'), shards, orders }
      const member = await Peer.start(programs.member, setting, profiles)
      peers.push(member)
      while ((await member.ask<number>('owned')) < shards) await delay(LOOK_EVERY_MS)
      const client = await Peer.start(programs.client, setting, profiles)
      peers.push(client)
      const log = await LogRates.open(server.url)
      progress(`${mode}: ${orders} in flight for ${options.seconds} s on ${shards} shards`)
      const samples = await sampled({ server, member, client, log }, options)
      const commitsPerBatch = await log.commitsPerBatch()
      await log.close()
      await client.ask('end')
      await client.ended()
      await member.ask('end')
      await member.ended()
      yield {
        bench: 'cluster',
        mode,
        ...lineOf(samples, commitsPerBatch),
        shards,
        actors,
        syncAlways,
        inFlight: orders,
      }
    } finally {
      for (const peer of peers) peer.kill()
      await server.stop()
    }
  },
}

async function sampled(parties: Parties, { seconds }: Pick<BenchOptions, 'seconds'>): Promise<Sample[]> {
  const { client } = parties
  await client.ask('begin')
  await delay(WARM_UP_MS)
  await client.ask('reset')
  const samples = [await sample(parties)]
  for (let window = 0; window < WINDOWS; window++) {
    await delay((seconds * 1000) / WINDOWS)
    samples.push(await sample(parties))
  }
  return samples
}

async function sample({ server, member, client, log }: Parties): Promise<Sample> {
  const commits = await log.commits()
  return {
    ...(await member.ask<MemberSample>('sample')),
    ...(await client.ask<ClientSample>('sample')),
    atMs: performance.now(),
    commits,
    server: cpuSeconds(server.pid),
    member: cpuSeconds(member.pid),
    client: cpuSeconds(client.pid),
    memberQueued: queuedSeconds(member.pid),
    clientQueued: queuedSeconds(client.pid),
  }
}

function lineOf(samples: readonly Sample[], commitsPerBatch: number): Line {
  const [first, last] = [samples[0]!, samples.at(-1)!]
  const seconds = (last.atMs - first.atMs) / 1000
  const over = (of: (sample: Sample) => number) => of(last) - of(first)
  const rate = (of: (sample: Sample) => number) => median(rates(samples, of))
  const commitsPerSecond = rate(one => one.commits)
  const backlog = samples.map(one => one.inFlight + one.waiting)
  const orders = over(one => one.finished)
  return {
    seconds: round(seconds),
    orders,
    ordersPerSecond: round(rate(one => one.finished)),
    slowestWindowPerSecond: round(Math.min(...rates(samples, one => one.finished))),
    commandsPerSecond: round(rate(one => one.commands)),
    p50Ms: last.p50Ms,
    p99Ms: last.p99Ms,
    shardCommitsPerSecond: round(commitsPerSecond),
    batchesPerSecond: round(commitsPerSecond / commitsPerBatch),
    commandsPerCommit: round(over(one => one.commands) / over(one => one.commits)),
    commandsPerBatch: round((commitsPerBatch * over(one => one.commands)) / over(one => one.commits)),
    cpuServer: round(over(one => one.server) / seconds),
    cpuMember: round(over(one => one.member) / seconds),
    cpuClient: round(over(one => one.client) / seconds),
    queuedMember: round(over(one => one.memberQueued) / seconds),
    queuedClient: round(over(one => one.clientQueued) / seconds),
    serverCpuUsPerOrder: round((over(one => one.server) * 1e6) / orders),
    clientCpuUsPerOrder: round((over(one => one.client) * 1e6) / orders),
    memberCpuUsPerCommand: round((over(one => one.member) * 1e6) / over(one => one.commands)),
    // It falls while code is still being compiled.
    memberCpuUsByWindow: ratios(
      samples,
      one => one.member * 1e6,
      one => one.commands,
    ).map(round),
    cpuUsPerOrder: round((over(one => one.server + one.member + one.client) * 1e6) / orders),
    backlog,
    backlogIsFlat: backlog.at(-1)! <= backlog[0]! * FLAT_FACTOR + BACKLOG_SLACK,
    memberRssMb: last.rssMb,
  }
}

function rates(samples: readonly Sample[], of: (sample: Sample) => number): number[] {
  return ratios(samples, of, one => one.atMs / 1000)
}

function ratios(
  samples: readonly Sample[],
  of: (sample: Sample) => number,
  by: (sample: Sample) => number,
): number[] {
  return samples.slice(1).map((one, index) => {
    const before = samples[index]!
    return (of(one) - of(before)) / (by(one) - by(before))
  })
}

const TICKS_PER_SECOND = 100
/** Of the fields after the program's name: in user and in kernel mode. */
const CPU_FIELDS = [11, 12] as const

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return CPU_FIELDS.reduce((sum, field) => sum + Number(fields[field]), 0) / TICKS_PER_SECOND
}

/** Of the main thread. */
function queuedSeconds(pid: number): number {
  const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')
  return Number(waitedNs) / 1e9
}
