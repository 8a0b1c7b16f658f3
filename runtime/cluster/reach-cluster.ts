/**
 * A cluster reached from outside of it, by a process that is no member: for `connect({ servers })` and the command
 * line. Loaded only where that is asked for.
 */
import type { Clock } from '../../actors/clock.js'
import type { Limits } from '../../actors/limits.js'
import {
  ClusterClient,
  type ClusterConnection,
  type ClusterGround,
  type ClusterOptions,
  connectCluster,
} from '../../cluster/index.js'
import { groundOf } from './ground.js'

export interface ReachParts {
  readonly cluster: ClusterOptions
  readonly clock: Clock
  readonly limits: Limits
  mintId(): string
}

/** A connection to a cluster that is there. */
export interface ClusterReach {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  readonly client: ClusterClient
  /** Whoever still waits is told so. */
  close(): Promise<void>
}

/**
 * @throws UnavailableError when no server answers; SetupError `ClusterRefused`, `ServerUnfit`, `StreamMismatch`:
 * nothing is made that is missing.
 */
export async function reachCluster({ cluster, clock, limits, mintId }: ReachParts): Promise<ClusterReach> {
  const id = mintId()
  const connection = await connectCluster(cluster, `perdure-client-${id}`, limits)
  try {
    const ground = await groundOf(connection, cluster.name, { mustExist: true }, { clock, limits })
    const client = new ClusterClient({ connection, ground, id, clock, limits })
    const close = async () => {
      client.close()
      await connection.close()
    }
    return { connection, ground, client, close }
  } catch (error) {
    await connection.close()
    throw error
  }
}
