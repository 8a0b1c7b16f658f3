/**
 * Several nats-servers with routes between them, ready when they have a leader of JetStream's metadata and each of
 * them is well.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { UnavailableError } from '../../../actors/errors.js'
import { freePort } from './free-port.js'
import type { ServerOptions } from './server-settings.js'
import { launchNatsServer, type NatsServer } from './start-server.js'

const readyMsMax = 60_000
const lookEveryMs = 20
const startsMax = 3

export interface NatsClusterOptions extends Omit<ServerOptions, 'name' | 'port' | 'storeDir' | 'cluster'> {
  readonly servers?: number
  /** The port by which one server reaches another's routes, by their numbers from 0; `port` is the real one. */
  routeTo?(from: number, to: number, port: number): Promise<number>
}

export class NatsCluster {
  readonly servers: readonly NatsServer[]

  constructor(servers: readonly NatsServer[]) {
    this.servers = servers
  }

  get urls(): string[] {
    return this.servers.map(server => server.url)
  }

  /** The server that leads JetStream's metadata, or undefined while no majority says so. */
  async leader(): Promise<NatsServer | undefined> {
    const named = await Promise.all(
      this.servers.map(async server => ({ server, meta: await metaOf(server) })),
    )
    return named.find(({ meta }) => {
      const followers = named.filter(one => meta !== undefined && one.meta?.leader === meta.self)
      return followers.length > this.servers.length / 2
    })?.server
  }

  /** Until a leader is agreed upon and all are well. */
  async ready(): Promise<void> {
    for (let left = readyMsMax; left > 0; left -= lookEveryMs) {
      if (await this.#isWhole()) {
        await Promise.all(this.servers.map(server => server.ready()))
        return
      }
      const fallen = this.servers.find(server => !server.runs)
      if (fallen !== undefined)
        throw new UnavailableError(`the nats-server of port ${fallen.port} does not run`)
      await delay(lookEveryMs)
    }
    throw new UnavailableError(`${this.servers.length} nats-servers found no leader in ${readyMsMax} ms`)
  }

  /** Whether the leader has all others at its side: before that it places no replica on them. */
  async #isWhole(): Promise<boolean> {
    const leader = await this.leader()
    const peers = (leader === undefined ? undefined : await metaOf(leader))?.peers ?? []
    const current = peers.filter(peer => peer.current === true && peer.offline !== true)
    return leader !== undefined && current.length === this.servers.length - 1
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map(server => server.stop()))
  }
}

/** @throws UnavailableError when they do not become ready. */
export async function startNatsCluster(options: NatsClusterOptions = {}): Promise<NatsCluster> {
  for (let starts = 1; ; starts++) {
    const launched = await launchAll(options)
    const cluster = new NatsCluster(launched.servers)
    if (launched.failure === undefined) {
      try {
        await cluster.ready()
        return cluster
      } catch (error) {
        launched.failure = error
      }
    }
    await cluster.stop()
    if (starts === startsMax) throw launched.failure
  }
}

interface Launched {
  readonly servers: readonly NatsServer[]
  failure?: unknown
}

async function launchAll({ servers: count = 3, routeTo, ...options }: NatsClusterOptions): Promise<Launched> {
  const ports: number[] = []
  for (let index = 0; index < count; index++) ports.push(await freePort())
  const starts = await Promise.allSettled(
    ports.map(async (port, from) => {
      const others = ports.map((route, to) => ({ route, to })).filter(({ to }) => to !== from)
      const routes = await Promise.all(
        others.map(({ route, to }) => routeTo?.(from, to, route) ?? Promise.resolve(route)),
      )
      const cluster = { name: 'perdure', port, routes }
      return await launchNatsServer({ ...options, name: `n${from + 1}`, cluster })
    }),
  )
  const servers = starts.flatMap(start => (start.status === 'fulfilled' ? [start.value] : []))
  const failed = starts.find(start => start.status === 'rejected')
  return failed === undefined ? { servers } : { servers, failure: failed.reason }
}

interface Peer {
  readonly current?: unknown
  readonly offline?: unknown
}

interface Meta {
  readonly self: unknown
  readonly leader: unknown
  /** The others, as the leader sees them; only the leader tells. */
  readonly peers: readonly Peer[]
}

interface JetStreamAnswer {
  readonly meta_cluster?: { readonly leader?: unknown; readonly replicas?: readonly Peer[] }
}

async function metaOf(server: NatsServer): Promise<Meta | undefined> {
  const answer: JetStreamAnswer | undefined = await server.monitor('/jsz')
  const varz = await server.monitor('/varz')
  if (answer === undefined) return undefined
  const { leader, replicas = [] } = answer.meta_cluster ?? {}
  return { self: varz?.server_name, leader, peers: replicas }
}
