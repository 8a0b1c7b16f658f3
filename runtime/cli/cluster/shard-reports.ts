/** The shards of a cluster as the buckets, the log and the members tell of them, put together. */

import { limits } from '../../../actors/limits.js'
import { type ImageRow, readImages, readTail, type ShardRow } from '../../../cluster/index.js'
import type { ShardHere } from '../../cluster/member-views.js'
import type { ReachedCluster } from './in-cluster.js'
import { copiesOf } from './member-answers.js'

export interface ShardReport extends ShardRow {
  /** Of the owner's journal: entries committed. */
  readonly position?: number
  /** Entries that the standby has still to apply; below 0 when it was asked later than the owner. */
  readonly lag?: number
  /** Commands that wait for a step. */
  readonly waiting?: number
  /** The shard's last commit or claim in the log. */
  readonly incarnation?: number
  readonly sequence?: number
  /** Position that the newest image goes to, and up to which the log has let go. */
  readonly image?: number
  readonly floor?: number
  /** Position from which on the owner has the history; absent: all of it. */
  readonly historyFrom?: number
  readonly trouble?: string
}

/** One a shard, in their order. */
export async function shardReports(cluster: ReachedCluster): Promise<readonly ShardReport[]> {
  const { connection, ground } = cluster
  const tables = await cluster.tables()
  const said = await copiesOf(
    cluster,
    tables.members.map(one => one.id),
  )
  const copies = new Map(
    said.flatMap(({ member, copies }) => copies.map(copy => [`${member} ${copy.shard}`, copy] as const)),
  )
  const tails = await Promise.all(tables.shards.map(({ shard }) => readTail({ connection, ground }, shard)))
  const images = await readImages({ ...cluster, limits })
  return tables.shards.map((row, index) => ({
    ...reportOf(row, copies, tails[index]),
    ...imageReport(images[index]),
  }))
}

function imageReport(row: ImageRow | undefined): Pick<ShardReport, 'image' | 'floor'> {
  const image = row?.images[0]?.position
  const floor = row?.floor?.position
  return { ...(image === undefined ? {} : { image }), ...(floor === undefined ? {} : { floor }) }
}

type Tail = Awaited<ReturnType<typeof readTail>>

function reportOf(row: ShardRow, copies: ReadonlyMap<string, ShardHere>, tail: Tail): ShardReport {
  const at = (member: string | undefined) => copies.get(`${member} ${row.shard}`)
  const own = at(row.owner)
  const standby = at(row.standby)
  const position = own?.position
  const lag = position === undefined || standby === undefined ? undefined : position - standby.position
  const trouble =
    own?.error ??
    standby?.error ??
    (row.owner === undefined ? 'nobody owns it' : own?.role === 'standby' ? 'not taken up yet' : undefined)
  return {
    ...row,
    ...(position === undefined ? {} : { position }),
    ...(lag === undefined ? {} : { lag }),
    ...(own?.historyFrom === undefined ? {} : { historyFrom: own.historyFrom }),
    ...(own?.waiting === undefined ? {} : { waiting: own.waiting }),
    ...(tail === undefined ? {} : { incarnation: tail.incarnation, sequence: tail.sequence }),
    ...(trouble === undefined ? {} : { trouble }),
  }
}
