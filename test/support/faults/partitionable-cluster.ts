/**
 * Three nats-servers whose routes go through links: any two can be parted from each other, and one from all. What
 * clients have to do with a server is another link's affair (`between`).
 */
import {
  type NatsCluster,
  type NatsClusterOptions,
  startNatsCluster,
} from '../../../runtime/demo/nats-server/start-cluster.js'
import { Link } from './link.js'

class PartitionableCluster {
  readonly cluster: NatsCluster
  readonly #links: ReadonlyMap<string, Link>

  constructor(cluster: NatsCluster, links: ReadonlyMap<string, Link>) {
    this.cluster = cluster
    this.#links = links
  }

  /** Parts one server from all others; servers are numbered from 0. */
  async isolate(server: number): Promise<void> {
    await Promise.all(this.#of(server).map(link => link.partition()))
  }

  async rejoin(server: number): Promise<void> {
    await Promise.all(this.#of(server).map(link => link.heal()))
  }

  async slow(server: number, delayMs: number): Promise<void> {
    await Promise.all(this.#of(server).map(link => link.slow(delayMs)))
  }

  /** Bytes that this server and the others have sent each other. */
  bytes(server: number): number {
    return this.#of(server).reduce((sum, { bytes }) => sum + bytes.toServer + bytes.toClient, 0)
  }

  async stop(): Promise<void> {
    await this.cluster.stop()
    await Promise.all([...this.#links.values()].map(link => link.close()))
  }

  #of(server: number): Link[] {
    return [...this.#links]
      .filter(([ends]) => ends.split('-').includes(String(server)))
      .map(([, link]) => link)
  }
}

export async function startPartitionableCluster(
  options: Omit<NatsClusterOptions, 'routeTo'> = {},
): Promise<PartitionableCluster> {
  const links = new Map<string, Link>()
  const cluster = await startNatsCluster({
    ...options,
    async routeTo(from, to, port) {
      const ends = `${from}-${to}`
      await links.get(ends)?.close()
      const link = await Link.to(port)
      links.set(ends, link)
      return link.port
    },
  })
  return new PartitionableCluster(cluster, links)
}
