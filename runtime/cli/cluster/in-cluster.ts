/**
 * A cluster that a command asks, as one that is no member of it. Loaded only where that is asked: a command that meets
 * a runtime on a directory loads nothing of NATS.
 */
import type { Clock } from '../../../actors/clock.js'
import { limits } from '../../../actors/limits.js'
import { type ClusterTables, clusterOptionsOf, readTables } from '../../../cluster/index.js'
import type { Api } from '../../api/api.js'
import { apiOf } from '../../cluster/client-wire.js'
import { type ClusterReach, reachCluster } from '../../cluster/reach-cluster.js'
import { mintCommandId } from '../../command-id.js'
import { SystemClock } from '../../system-clock.js'
import { type ClusterFlags, serversOf } from '../cluster-flags.js'

export interface ReachedCluster extends ClusterReach {
  readonly api: Api
  readonly clock: Clock
  tables(): Promise<ClusterTables>
}

/** Where NATS listens unless somebody said something else. */
const SERVERS_UNLESS_SAID = 'nats://127.0.0.1:4222'

/** What the flags say of a cluster; credentials are the environment's to tell (NATS_USER, NATS_CREDS, …). */
export function clusterOf(flags: ClusterFlags) {
  const servers = serversOf(flags) ?? SERVERS_UNLESS_SAID
  const options = clusterOptionsOf({ ...process.env, NATS_URL: servers })!
  const { clusterName: name } = flags
  return name === undefined ? options : { ...options, name }
}

/** Answers with what `use` makes of the cluster. The signal ends all waiting. */
export async function withCluster<Result>(
  flags: ClusterFlags,
  use: (cluster: ReachedCluster) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const clock = new SystemClock()
  const reach = await reachCluster({ cluster: clusterOf(flags), clock, limits, mintId: mintCommandId })
  const close = () => void reach.close().catch(() => {})
  signal?.addEventListener('abort', close, { once: true })
  try {
    const api = apiOf(reach.client, limits, mintCommandId)
    const tables = () => readTables(reach.connection, reach.ground, () => clock.now())
    return await use({ ...reach, clock, api, tables })
  } finally {
    await reach.close()
  }
}
