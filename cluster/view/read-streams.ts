/** The servers and streams a cluster stands on, as they say they are: for people who look after one. */
import type { StreamInfo } from '@nats-io/jetstream'
import type { ClusterConnection } from '../connection.js'
import type { LogSite } from '../log/stream-reads.js'
import { lastMessage } from '../log/stream-reads.js'
import type { Names } from '../names.js'

export interface StreamRow {
  readonly stream: string
  /** Copies asked for, and those that are there and up to date. */
  readonly replicas: number
  readonly replicasCurrent: number
  readonly messages: number
  readonly bytes: number
  /** Absent: without a bound of its own. */
  readonly bytesMax?: number
  readonly ageMsMax?: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly isAsynchronous: boolean
}

export interface ServerRow {
  /** As this connection knows it. */
  readonly server: string
  readonly name: string
  readonly version: string
  readonly cluster: string | undefined
  /** Other servers it knows of. */
  readonly others: readonly string[]
  readonly roundTripMs: number
}

/** A bound that is not set. */
const UNBOUNDED = 0

export async function readStreams({ jsm }: ClusterConnection, names: Names): Promise<readonly StreamRow[]> {
  const streams = [
    names.commandsStream,
    names.journalStream,
    names.eventsStream,
    names.imagesStream,
    `KV_${names.membersBucket}`,
    `KV_${names.shardsBucket}`,
  ]
  return Promise.all(streams.map(async stream => streamRow(await jsm.streams.info(stream))))
}

function streamRow({ config, state, cluster }: StreamInfo): StreamRow {
  const followers = cluster?.replicas ?? []
  const current = followers.filter(one => one.current && one.offline !== true).length
  return {
    stream: config.name,
    replicas: config.num_replicas,
    // A leader answered.
    replicasCurrent: current + 1,
    messages: state.messages,
    bytes: state.bytes,
    ...(config.max_bytes > UNBOUNDED ? { bytesMax: config.max_bytes } : {}),
    ...(config.max_age > UNBOUNDED ? { ageMsMax: config.max_age / 1e6 } : {}),
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    isAsynchronous: config.persist_mode === 'async',
  }
}

export async function readServer({ nc }: ClusterConnection): Promise<ServerRow> {
  const roundTripMs = await nc.rtt()
  const { server_name: name = '', version = '', cluster, connect_urls: others = [] } = nc.info ?? {}
  return { server: nc.getServer(), name, version, cluster, others, roundTripMs }
}

/** Sequence of the last message on a shard's commit subject, and the life of the log it is of. */
export async function readTail(
  site: LogSite,
  shard: number,
): Promise<{ readonly sequence: number; readonly incarnation: number; readonly epoch: number } | undefined> {
  const last = await lastMessage(site, shard)
  return last && { sequence: last.sequence, incarnation: last.incarnation, epoch: last.epoch }
}
