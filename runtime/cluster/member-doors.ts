/**
 * What a member answers to others over NATS, beside the verbs of the shards it owns: public requests about any actor,
 * and those of whoever runs the cluster about the member itself.
 */
import type { Clock } from '../../actors/clock.js'
import type { Limits } from '../../actors/limits.js'
import {
  type ClusterClient,
  type ClusterConnection,
  type ClusterGround,
  PublicService,
} from '../../cluster/index.js'
import type { Api } from '../api/api.js'
import type { Door } from '../embedded/embedded-runtime.js'
import type { HostLogger } from '../shard-host-options.js'
import { answerMemberVerb, type MemberViews } from './member-views.js'
import { WireService } from './wire-service.js'

export interface MemberDoorsSite {
  /** Of the whole cluster: a member answers about actors of any shard. */
  readonly api: Api
  readonly views: MemberViews
  /** The member's id. */
  readonly member: string
  /** Of Perdure. */
  readonly version: string
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
  readonly client: ClusterClient
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  mintId(): string
}

/** Resolves once the servers know that this member answers. */
export async function openMemberDoors(site: MemberDoorsSite): Promise<Door> {
  const { api, views, member, version, connection, ground, client, clock, limits, logger } = site
  const { names } = ground
  const answerer = new WireService({
    api,
    name: names.name,
    clock,
    limits,
    logger,
    mintId: () => site.mintId(),
    answerBytesMax: () => connection.maxPayload - limits.clusterHeadroomBytes,
  })
  const service = await PublicService.open({ connection, names, clock, limits, version, member, answerer })
  const hush = client.requests.serve(names.member(member, '*'), (verb, body) =>
    answerMemberVerb(views, verb, body),
  )
  return {
    // Others of the queue answer from here on; an end that cannot be told to the servers is one all the same.
    retire: () => void service.retire().catch(() => {}),
    close: async () => {
      hush()
      await service.close()
    },
  }
}
