/**
 * Who lives and who owns what, read once from the two buckets: for whoever looks at a cluster without being a member.
 *
 * Invariant: what is read here decides nothing. Whether a silent member is dead, only members judge (members/living.ts).
 */
import { Kvm } from '@nats-io/kv'
import { UnavailableError } from '../../actors/errors.js'
import type { ClusterConnection } from '../connection.js'
import { assign } from '../members/assignment.js'
import { lifeOf, type MemberRecord, readMember, readObject } from '../members/member-record.js'
import type { ShardRecord } from '../members/shard-table.js'
import type { ClusterGround } from '../streams/setup.js'

export interface MemberRow extends Omit<MemberRecord, 'clock' | 'life'> {
  /** Since its last heartbeat, by the servers' clock, in ms. */
  readonly silentMs: number
  /** How far its wall clock was ahead of the servers' at that heartbeat, at most; behind when below 0. */
  readonly aheadMs: number
  readonly owns: readonly number[]
  readonly standsBy: readonly number[]
}

export interface ShardRow {
  readonly shard: number
  /** Absent: nobody has it now. */
  readonly owner?: string
  /** Who is meant to take over from the owner. */
  readonly standby?: string
  readonly epoch: number
  /** When it was claimed or released, ms since 1970 by the writer's clock. */
  readonly since?: number
}

export interface ClusterTables {
  readonly members: readonly MemberRow[]
  readonly shards: readonly ShardRow[]
  /** The servers' clock when they were asked, and how far this process's is ahead of it, at the least. */
  readonly serverNowMs: number
  readonly aheadMs: number
}

interface Entry {
  readonly key: string
  readonly bytes: Uint8Array
  readonly revision: number
  readonly createdMs: number
}

/** @param now of this process's wall clock, ms since 1970. @throws UnavailableError when the servers do not answer */
export async function readTables(
  connection: ClusterConnection,
  ground: ClusterGround,
  now: () => number,
): Promise<ClusterTables> {
  const { names } = ground
  try {
    const [members, owners] = await Promise.all([
      entriesOf(connection, names.membersBucket),
      entriesOf(connection, names.shardsBucket),
    ])
    const time = await serverTime(connection, names.membersBucket, now)
    return { ...tablesOf(members, owners, ground.shards, time.serverNowMs), ...time }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    throw new UnavailableError(`the buckets of the cluster: expected an answer, found: ${found}`)
  }
}

interface Bucket {
  readonly created: string
  readonly entries: readonly Entry[]
}

async function entriesOf({ js }: ClusterConnection, bucket: string): Promise<Bucket> {
  const kv = await new Kvm(js).open(bucket)
  const { streamInfo } = await kv.status()
  const entries: Entry[] = []
  for await (const key of await kv.keys()) {
    const entry = await kv.get(key)
    if (entry === null || entry.operation !== 'PUT') continue
    const { value: bytes, revision, created } = entry
    entries.push({ key, bytes, revision, createdMs: created.getTime() })
  }
  return { created: streamInfo.created, entries }
}

/** What a server says of a stream says when it said so. */
async function serverTime({ jsm }: ClusterConnection, bucket: string, now: () => number) {
  const before = now()
  const info = await jsm.streams.info(`KV_${bucket}`)
  const after = now()
  const serverNowMs = Date.parse((info as { readonly ts?: string }).ts ?? '') || after
  // The server wrote between the question and the answer, if the clocks agree.
  const aheadMs = Math.max(0, before - serverNowMs) - Math.max(0, serverNowMs - after)
  return { serverNowMs, aheadMs }
}

function tablesOf(members: Bucket, owners: Bucket, count: number, serverNowMs: number) {
  const living = members.entries.flatMap(entry => {
    const record = readMember(entry.key, entry.bytes)
    return record === undefined ? [] : [{ record, entry }]
  })
  const lives = new Map(
    living.map(({ record, entry }) => [record.id, record.life ?? lifeOf(members.created, entry.revision)]),
  )
  const fit = living.map(one => one.record).filter(one => !one.draining && !one.skewed)
  const seats = assign(fit, count)
  const records = new Map(owners.entries.map(({ key, bytes }) => [key, shardRecord(bytes)]))
  const shards = seats.map((seat, shard): ShardRow => {
    const record = records.get(String(shard))
    const isOwned = record?.owner !== undefined && lives.get(record.owner) === record.life
    const standby = isOwned && record.owner === seat.standby ? seat.owner : seat.standby
    return {
      shard,
      ...(isOwned ? { owner: record.owner } : {}),
      ...(standby === undefined ? {} : { standby }),
      epoch: record?.epoch ?? 0,
      ...(record === undefined ? {} : { since: record.since }),
    }
  })
  const rows = living.map(({ record: { clock, life: _, ...about }, entry }): MemberRow => {
    const owns = shards.filter(({ owner }) => owner === about.id).map(({ shard }) => shard)
    const standsBy = shards.filter(({ standby }) => standby === about.id).map(({ shard }) => shard)
    const silentMs = Math.max(0, serverNowMs - entry.createdMs)
    return { ...about, silentMs, aheadMs: clock - entry.createdMs, owns, standsBy }
  })
  return { members: rows.sort((a, b) => (a.id < b.id ? -1 : 1)), shards }
}

function shardRecord(bytes: Uint8Array): ShardRecord | undefined {
  const value = readObject(bytes)
  return typeof value?.epoch === 'number' ? (value as unknown as ShardRecord) : undefined
}
