/**
 * Single messages of the log, read from the leader of its stream: a replica may lag, and would make a stream look
 * shorter than it is.
 */
import { JetStreamApiError, type MsgRequest, type StoredMsg } from '@nats-io/jetstream'
import { UnavailableError } from '../../actors/errors.js'
import type { ClusterConnection } from '../connection.js'
import type { ClusterGround } from '../streams/setup.js'
import { type StoredLogMessage, storedMessage } from './log-message.js'
import { whileConnected } from './while-connected.js'

const NO_STREAM_CODE = 10059

/** What reads need to know. */
export interface LogSite {
  readonly connection: ClusterConnection
  readonly ground: ClusterGround
}

/** The last message on a shard's commit subjects, of the newest life of the log that wrote any. */
export function lastMessage(site: LogSite, shard: number): Promise<StoredLogMessage | undefined> {
  return read(site, { last_by_subj: site.ground.names.commits(shard) })
}

/** The first message on a shard's commit subject after a sequence. */
export function messageAfter(
  site: LogSite,
  shard: number,
  sequence: number,
): Promise<StoredLogMessage | undefined> {
  const { names, incarnation } = site.ground
  return read(site, { seq: sequence + 1, next_by_subj: names.commit(incarnation, shard) })
}

/** `foreign` when something stands there that no member wrote to a commit subject; undefined for nothing. */
export async function messageAt(
  site: LogSite,
  sequence: number,
): Promise<StoredLogMessage | 'foreign' | undefined> {
  const found = await raw(site, { seq: sequence })
  return found === null ? undefined : (parsed(found) ?? 'foreign')
}

async function read(
  site: LogSite,
  query: MsgRequest & { readonly next_by_subj?: string },
): Promise<StoredLogMessage | undefined> {
  const found = await raw(site, query)
  return found === null ? undefined : parsed(found)
}

function raw({ connection, ground }: LogSite, query: MsgRequest): Promise<StoredMsg | null> {
  return answered(connection, ground.names.journalStream, () =>
    connection.jsm.streams.getMessage(ground.names.journalStream, query),
  )
}

function parsed({ subject, seq, header, data }: StoredMsg): StoredLogMessage | undefined {
  return storedMessage({ subject, sequence: seq, headers: header, body: data })
}

export interface LogState {
  /** When the stream was made. */
  readonly created: string
  readonly first: number
  readonly last: number
}

/** Undefined when there is no such stream. */
export async function logState({ connection, ground }: LogSite): Promise<LogState | undefined> {
  const stream = ground.names.journalStream
  const info = await answered(connection, stream, () => connection.jsm.streams.info(stream))
  return info === null
    ? undefined
    : { created: info.created, first: info.state.first_seq, last: info.state.last_seq }
}

/** Null when there is no such stream. @throws UnavailableError when no answer comes. */
async function answered<T>(
  connection: ClusterConnection,
  stream: string,
  ask: () => Promise<T | null>,
): Promise<T | null> {
  try {
    return await whileConnected(connection, ask)
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === NO_STREAM_CODE) return null
    throw new UnavailableError(
      `stream ${stream}: expected an answer, found: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
