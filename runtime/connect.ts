/**
 * Composes a client of a runtime in another process: its wire, its definitions, this process's clock.
 */
import { resolve } from 'node:path'
import { type Limits, limitsWith } from '../actors/limits.js'
import type { ClusterOptions } from '../cluster/index.js'
import type { AnyDefinition } from '../machines/index.js'
import type { Client } from './client/types.js'
import { mintCommandId } from './command-id.js'
import { quietLogger } from './compose.js'
import type { HostLogger } from './shard-host-options.js'
import { Bindings } from './step/bindings.js'
import { SystemClock } from './system-clock.js'

/** Where the runtime is: on a data directory of this machine, or a cluster. */
export type ConnectOptions = ConnectCommon & (ConnectPath | ConnectServers)

interface ConnectPath {
  /** The data directory of a runtime that runs on this machine, under this user. */
  readonly path: string
  readonly servers?: undefined
}

/** The servers of NATS that a cluster stands on, and what lets this client in there. */
interface ConnectServers extends ClusterOptions {
  readonly path?: undefined
}

interface ConnectCommon {
  /** The actors this client means to speak to, with the versions whose states it can read. */
  readonly actors: readonly AnyDefinition[]
  /** Other bounds than the defaults. */
  readonly limits?: Partial<Limits>
  /** Where is said that a listener threw. JSON lines on stderr when absent. */
  readonly logger?: HostLogger
}

/**
 * A client of the runtime that runs on a data directory, in this process or another, or of a cluster. Its handles are
 * a runtime's own: predicates are judged here, over every state; selectors are answered there. A runtime that is
 * stopped or killed, or a shard whose owner is, is waited for (`limits.remoteAwayMsMax`): commands are given again under
 * their ids, what is followed goes on after the last state heard. What an actor `emit`s meanwhile is not heard.
 * @throws PerdureError `Unavailable` when no runtime runs there, no server or no member answers, or none of a type's
 * versions is known to both; `NotFound` for a type it does not have. SetupError for definitions that cannot be meant,
 * for one whose structure differs from what runs there under the same version, and for a cluster that lets nobody in
 * or is not there.
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const bindings = new Bindings(options.actors)
  const clock = new SystemClock()
  const limits = limitsWith(options.limits)
  const logger = options.logger ?? quietLogger()
  const site = { bindings, clock, limits, logger, mintId: mintCommandId }
  if (options.servers !== undefined) {
    // An embedded program loads nothing of NATS.
    const { connectToCluster } = await import('./cluster/connect-cluster.js')
    return connectToCluster({ ...site, cluster: options })
  }
  // A program that runs actors and asks none elsewhere loads nothing of this either.
  const [{ ControlApi }, { assertUnderstood, RemoteClient }, { RemoteService }] = await Promise.all([
    import('./control/control-api.js'),
    import('./client/remote/remote-client.js'),
    import('./client/remote/remote-service.js'),
  ])
  const api = new ControlApi({ path: resolve(options.path), clock, limits })
  try {
    assertUnderstood(bindings, await api.describe())
  } catch (error) {
    api.close()
    throw error
  }
  const service = new RemoteService({ ...site, api })
  return new RemoteClient(service, () => api.close())
}
