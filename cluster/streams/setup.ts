/**
 * The ground a cluster stands on: its streams and buckets, made where they are missing and checked where they are
 * there. Any member may do it, at any time, all at once.
 *
 * Owns: their making, and the refusal of those that are not as they must be. Nothing that exists is changed.
 */
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream'
import { SetupError, UnavailableError } from '../../actors/errors.js'
import { type Limits, limits as usual } from '../../actors/limits.js'
import type { ClusterConnection } from '../connection.js'
import { type Names, namesOf } from '../names.js'
import { incarnationOf } from './log-incarnation.js'
import { differenceOf, type StreamPlan, type StreamShape, shardsOf, streamPlans } from './stream-plans.js'

/** What a cluster is to be; what is absent is taken from what exists, else has its usual value. */
export interface ClusterShape extends Partial<StreamShape> {
  /** Streams that are missing are refused instead of made: for those who only use a cluster. */
  readonly mustExist?: boolean
  /**
   * What to do when the log's stream was made anew since: absent, it is refused. Given, a new life of the log begins,
   * above the one given: the highest that any journal knows.
   */
  readonly remadeAbove?: number
}

export interface ClusterGround {
  readonly names: Names
  readonly shards: number
  readonly serverVersion: string
  /** Bytes that a message may have, headers included. */
  readonly maxPayload: number
  /** Of the log: which life of it this is, from 1. */
  readonly incarnation: number
  /** Identities of the streams: when they were made, as the servers say it. */
  readonly commandsCreated: string
  readonly journalCreated: string
  readonly eventsCreated: string
  readonly durability: Durability
  /** What is less than was asked for, for people. */
  readonly warnings: readonly string[]
}

/** What an acknowledged write survives, as far as the servers tell. */
export interface Durability {
  /** Copies of the log. */
  readonly replicas: number
  /** Whether a write is on disk when it is acknowledged: servers do not tell (`sync_interval`), except that it is not. */
  readonly sync: 'unknown' | 'asynchronous'
}

const USUAL: StreamShape = {
  shards: 64,
  replicas: 1,
  commandBytesMax: 1024 ** 3,
  duplicateWindowMs: 120_000,
  eventAgeMsMax: 7 * 24 * 3600_000,
  eventBytesMax: 1024 ** 3,
}

/** As many as NATS is asked to cut a subject into; each costs consumers. */
const SHARDS_MAX = 1_024

/** Every code under which a stream is refused because one of that name, or of its subjects, is there: someone else was faster. */
const TAKEN_CODES: readonly number[] = [10058, 10065]
const NOT_FOUND_CODE = 10059
/** Servers that have only just found each other: no leader yet, a peer not there yet. */
const PASSING_CODES: readonly number[] = [10005, 10008, 10009]

/**
 * @throws SetupError `StreamMismatch` naming stream, field, what was expected and what was found; UnavailableError
 * when the servers do not answer.
 */
export async function prepareStreams(
  connection: ClusterConnection,
  clusterName: string | undefined,
  shape: ClusterShape = {},
  limits: Limits = usual,
): Promise<ClusterGround> {
  const names = namesOf(clusterName)
  // To make a stream takes the servers longer than to answer about one.
  const jsm = await jetstreamManager(connection.nc, { timeout: limits.clusterConnectMs, checkAPI: false })
  const existing = await infoOf(jsm, names.commandsStream)
  const wanted = wantedShape(shape, existing)
  const infos = new Map<string, StreamInfo>()
  for (const plan of streamPlans(names, wanted))
    infos.set(plan.config.name, await ensure(jsm, plan, shape.mustExist === true))
  const [commands, journal, events] = [names.commandsStream, names.journalStream, names.eventsStream].map(
    stream => infos.get(stream)!,
  ) as [StreamInfo, StreamInfo, StreamInfo]
  return {
    names,
    shards: wanted.shards,
    serverVersion: connection.serverVersion,
    maxPayload: connection.maxPayload,
    incarnation: await incarnationOf(connection, names, journal, shape.remadeAbove),
    commandsCreated: commands.created,
    journalCreated: journal.created,
    eventsCreated: events.created,
    durability: {
      replicas: journal.config.num_replicas,
      sync: journal.config.persist_mode === 'async' ? 'asynchronous' : 'unknown',
    },
    warnings: [...infos.values()].flatMap(info => warningsOf(info, shape, wanted)),
  }
}

function wantedShape(shape: ClusterShape, existing: StreamInfo | undefined): StreamShape {
  const { mustExist, remadeAbove, ...asked } = shape
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  const shards = shape.shards ?? (existing === undefined ? undefined : shardsOf(existing)) ?? USUAL.shards
  for (const [name, value] of Object.entries({ ...given, shards }))
    if (!Number.isInteger(value) || value < 1)
      throw new SetupError('InvalidDefinition', `${name}: expected a whole number from 1, found ${value}`)
  if (shards > SHARDS_MAX)
    throw new SetupError('InvalidDefinition', `shards: expected at most ${SHARDS_MAX}, found ${shards}`)
  return { ...USUAL, ...given, shards }
}

/** A stream as it is, made first where it is missing. */
async function ensure(jsm: JetStreamManager, plan: StreamPlan, mustExist: boolean): Promise<StreamInfo> {
  const stream = plan.config.name
  const info = await infoOf(jsm, stream)
  if (info === undefined && mustExist) throw mismatch(stream, 'it', 'there', 'no such stream')
  const found = info ?? (await make(jsm, plan))
  const difference = differenceOf(plan, found)
  if (difference === undefined) return found
  const { field, expected, found: is } = difference
  throw mismatch(stream, field, expected, is)
}

async function make(jsm: JetStreamManager, plan: StreamPlan): Promise<StreamInfo> {
  const stream = plan.config.name
  try {
    return await jsm.streams.add(plan.config)
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || PASSING_CODES.includes(error.code))
      throw unanswered(stream, error)
    const rival = TAKEN_CODES.includes(error.code) ? await infoOf(jsm, stream) : undefined
    if (rival !== undefined) return rival
    throw mismatch(stream, 'its making', 'to be granted', `${error.message} (${error.code})`)
  }
}

async function infoOf(jsm: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await jsm.streams.info(stream)
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === NOT_FOUND_CODE) return undefined
    throw unanswered(stream, error)
  }
}

function mismatch(stream: string, field: string, expected: string, found: string): SetupError {
  return new SetupError(
    'StreamMismatch',
    `stream ${stream}: expected ${field} to be ${expected}, found ${found}`,
    { stream, field, expected, found },
  )
}

function unanswered(stream: string, error: unknown): UnavailableError {
  return new UnavailableError(
    `stream ${stream}: expected an answer, found: ${error instanceof Error ? error.message : String(error)}`,
  )
}

function warningsOf(info: StreamInfo, asked: ClusterShape, wanted: StreamShape): string[] {
  const { name, num_replicas: replicas, duplicate_window: window } = info.config
  const warnings: string[] = []
  if (asked.replicas !== undefined && replicas < wanted.replicas)
    warnings.push(`stream ${name}: expected ${wanted.replicas} replicas, found ${replicas}`)
  if (asked.duplicateWindowMs !== undefined && info.config.subject_transform !== undefined)
    if (window / 1e6 < wanted.duplicateWindowMs)
      warnings.push(
        `stream ${name}: expected ids to be remembered for ${wanted.duplicateWindowMs} ms, found ${window / 1e6}`,
      )
  return warnings
}
