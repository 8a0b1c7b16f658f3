/**
 * A cluster as its clients speak to it, a member's own handles among them: every verb over its wire.
 */
import type { Clock } from '../../actors/clock.js'
import type { Command } from '../../actors/command.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import type { ClusterClient } from '../../cluster/index.js'
import type { StartReply } from '../api/api.js'
import { actorView } from '../api/views.js'
import { RemoteService } from '../client/remote/remote-service.js'
import type { Tracing } from '../observe/tracing/tracing.js'
import type { HostLogger } from '../shard-host-options.js'
import type { Bindings } from '../step/bindings.js'
import { ClusterApi } from './cluster-api.js'

/** How handles and faces reach a cluster. */
export function clientOf(
  client: ClusterClient,
  parts: {
    readonly bindings: Bindings
    readonly clock: Clock
    readonly limits: Limits
    readonly logger: HostLogger
    readonly tracing?: Tracing
    mintId(): string
  },
): { readonly api: ClusterApi; readonly service: RemoteService } {
  const { bindings, clock, limits, logger, tracing } = parts
  const mintId = () => parts.mintId()
  const api = apiOf(client, limits, mintId, tracing)
  return { api, service: new RemoteService({ api, bindings, clock, limits, logger, mintId }) }
}

export function apiOf(
  client: ClusterClient,
  limits: Limits,
  mintId: () => string,
  tracing?: Tracing,
): ClusterApi {
  return new ClusterApi(
    {
      shards: client.shards,
      shardOf: address => client.shardOf(address),
      ask: (shard, verb, body, how) => client.owners.ask(shard, verb, body, how),
      follow: (shard, body, timeoutMs, listener) => client.owners.follow(shard, body, timeoutMs, listener),
      command: (command, timeoutMs, signal) => {
        const submit = (traced: Command) => client.command(traced, timeoutMs, signal)
        return replied(command, tracing === undefined ? submit(command) : tracing.sending(command, submit))
      },
      events: (address, listener, signal) => client.events(address, listener, signal),
      mintId,
      clock: client.clock,
    },
    limits,
  )
}

async function replied(command: Command, applying: Promise<AppliedCommand>): Promise<StartReply> {
  const applied = await applying
  const { commandId: id, position, duplicate, handled, created } = applied
  const snapshot = actorView(command.target, applied)
  return { id, position, durability: 'replicated', duplicate, handled, created, snapshot }
}
