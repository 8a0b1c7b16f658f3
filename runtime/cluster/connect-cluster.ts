/** A client of a cluster with the handles of a runtime: what `connect({ servers })` gives. */
import type { ClusterOptions } from '../../cluster/index.js'
import { Reconnecting } from '../client/remote/reconnecting.js'
import { assertUnderstood, RemoteClient } from '../client/remote/remote-client.js'
import type { RemoteSite } from '../client/remote/remote-service.js'
import type { Client } from '../client/types.js'
import { clientOf } from './client-wire.js'
import { reachCluster } from './reach-cluster.js'

export type ConnectClusterParts = Omit<RemoteSite, 'api'> & { readonly cluster: ClusterOptions }

/**
 * @throws what `reachCluster` does; UnavailableError when no member answers within `remoteAwayMsMax`, or none of a
 * type's versions is known to both; UnknownTypeError; SetupError for a definition whose structure differs there.
 */
export async function connectToCluster(parts: ConnectClusterParts): Promise<Client> {
  const { clock, limits, bindings } = parts
  const reach = await reachCluster(parts)
  try {
    const { api, service } = clientOf(reach.client, parts)
    // Members that start together with their clients, or move a shard just now, are waited for.
    assertUnderstood(bindings, await new Reconnecting(clock, limits).lasting(() => api.describe()))
    return new RemoteClient(service, () => reach.close())
  } catch (error) {
    await reach.close()
    throw error
  }
}
