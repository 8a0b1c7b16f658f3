/**
 * What a doctor looks at in a cluster: each finding says what was expected, what was found, and what to do. Nothing is
 * changed.
 */
import { toErrorValue } from '../../../actors/codec.js'
import { limits } from '../../../actors/limits.js'
import {
  type ClusterTables,
  connectCluster,
  readServer,
  readStreams,
  readTail,
  type ServerRow,
  type StreamRow,
} from '../../../cluster/index.js'
import type { ClusterFlags } from '../cluster-flags.js'
import { copyFindings } from './copy-findings.js'
import { imageFindings } from './image-findings.js'
import type { ReachedCluster } from './in-cluster.js'
import { clusterOf } from './in-cluster.js'
import { copiesOf, type SaidCopies } from './member-answers.js'
import { syncFindings } from './sync-findings.js'

export interface Finding {
  readonly about: string
  /** `bad`: something is lost or stands still, or will; `note`: what the servers do not tell. */
  readonly verdict: 'good' | 'note' | 'poor' | 'bad'
  readonly found: string
  readonly advice?: string
}

/** Of a bounded stream, filled so far that it wants a look. */
const FILL_POOR = 0.8

export interface CheckUpFlags extends ClusterFlags {
  /** URLs of servers' monitoring ports. */
  readonly monitor?: readonly string[]
}

export async function checkUp(cluster: ReachedCluster, flags: CheckUpFlags): Promise<readonly Finding[]> {
  const { connection, ground } = cluster
  const [tables, streams, server] = await Promise.all([
    cluster.tables(),
    readStreams(connection, ground.names),
    readServer(connection),
  ])
  const said = await copiesOf(
    cluster,
    tables.members.map(one => one.id),
  )
  return [
    ...(await serverFindings(server, flags)),
    ...(await durabilityFindings(cluster, streams, flags.monitor ?? [])),
    ...streams.map(streamFinding),
    ...clockFindings(tables),
    ...memberFindings(tables, said),
    ...(await journalFindings(cluster, tables, said)),
    ...(await imageFindings(cluster, said)),
    ...(await copyFindings(cluster, said)),
  ]
}

async function serverFindings(first: ServerRow, flags: ClusterFlags): Promise<Finding[]> {
  const others = await Promise.all(first.others.map(url => otherServer(url, flags)))
  const known = [first, ...others.filter(one => 'version' in one)]
  const named = new Map(known.map(one => [one.name, one]))
  const findings: Finding[] = [...named.values()].map(({ name, server, version, roundTripMs }) => ({
    about: `server ${name}`,
    verdict: 'good',
    found: `${version} at ${server}, answers in ${roundTripMs} ms`,
  }))
  for (const one of others)
    if ('error' in one)
      findings.push({
        about: `server at ${one.url}`,
        verdict: 'poor',
        found: one.error,
        advice: 'it is one of the cluster that cannot be reached from here: a member may need it',
      })
  const versions = new Set(known.map(one => one.version))
  if (versions.size > 1)
    findings.push({
      about: 'server versions',
      verdict: 'poor',
      found: [...versions].join(', '),
      advice: 'run one version on all',
    })
  return findings
}

async function otherServer(
  url: string,
  flags: ClusterFlags,
): Promise<ServerRow | { readonly url: string; readonly error: string }> {
  try {
    const connection = await connectCluster({ ...clusterOf(flags), servers: url }, 'perdure-doctor', limits)
    try {
      return await readServer(connection)
    } finally {
      await connection.close()
    }
  } catch (error) {
    return { url, error: toErrorValue(error).message }
  }
}

async function durabilityFindings(
  { ground }: ReachedCluster,
  streams: readonly StreamRow[],
  monitors: readonly string[],
): Promise<Finding[]> {
  const { replicas } = ground.durability
  const asynchronous = streams.filter(one => one.isAsynchronous).map(one => one.stream)
  return [
    replicas >= 3
      ? { about: 'copies of the log', verdict: 'good', found: String(replicas) }
      : {
          about: 'copies of the log',
          verdict: 'poor',
          found: String(replicas),
          advice: 'three servers and three replicas survive the loss of one (--replicas 3 when it is made)',
        },
    ...(asynchronous.length === 0
      ? await syncFindings(monitors)
      : [
          {
            about: 'writes to the disk',
            verdict: 'bad',
            found: `acknowledged before they are made: ${asynchronous.join(', ')}`,
            advice: "set the stream's persist_mode to its default",
          } as const,
        ]),
  ]
}

function streamFinding(row: StreamRow): Finding {
  const { stream, replicas, replicasCurrent, messages, bytes, bytesMax } = row
  const fill = bytesMax === undefined ? undefined : bytes / bytesMax
  const size = `${bytes.toLocaleString('en')} bytes${bytesMax === undefined ? '' : ` of ${bytesMax.toLocaleString('en')}`}`
  const found = `${messages.toLocaleString('en')} messages, ${size}, ${replicasCurrent} of ${replicas} replicas current`
  const about = `stream ${stream}`
  if (replicasCurrent < replicas)
    return { about, verdict: 'poor', found, advice: 'a server is down, or catches up' }
  // What is published goes by age and size; what waits does not, and then senders are refused.
  if (fill !== undefined && fill >= FILL_POOR && !stream.endsWith('_EVENTS'))
    return { about, verdict: 'poor', found, advice: 'full, it refuses senders: raise its max_bytes' }
  return { about, verdict: 'good', found }
}

function clockFindings({ members, aheadMs }: ClusterTables): Finding[] {
  const clocks = [
    { about: 'clock of this machine', ms: aheadMs },
    ...members.map(one => ({ about: `clock of member ${one.id}`, ms: one.aheadMs })),
  ]
  return clocks.map(({ about, ms }) => {
    const found = `${Math.abs(Math.round(ms))} ms ${ms < 0 ? 'behind' : 'ahead of'} the servers'`
    if (Math.abs(ms) <= limits.clockSkewMsMax / 2) return { about, verdict: 'good', found }
    const advice = `further off than ${limits.clockSkewMsMax} ms a member may own no shards: mind its NTP`
    return { about, verdict: Math.abs(ms) > limits.clockSkewMsMax ? 'bad' : 'poor', found, advice }
  })
}

function memberFindings({ members, shards }: ClusterTables, said: readonly SaidCopies[]): Finding[] {
  const unowned = shards.filter(one => one.owner === undefined).map(one => one.shard)
  const alone = shards.filter(one => one.standby === undefined).length
  const silent = said.filter(one => one.silence !== undefined)
  return [
    members.length === 0
      ? {
          about: 'members',
          verdict: 'bad',
          found: 'none',
          advice: "start one: 'perdure start <module> --nats …'",
        }
      : { about: 'members', verdict: 'good', found: members.map(one => one.id).join(', ') },
    ...silent.map(
      ({ member, silence }): Finding => ({
        about: `member ${member}`,
        verdict: 'poor',
        found: silence ?? '',
        advice: 'it was just killed, or hangs: others take its shards when its lease is over',
      }),
    ),
    unowned.length === 0
      ? { about: 'shards', verdict: 'good', found: `all ${shards.length} have an owner` }
      : {
          about: 'shards',
          verdict: 'bad',
          found: `nobody owns ${unowned.join(', ')}`,
          advice: `they are taken within ${limits.leaseMs + 500} ms where a member can; if not, its log says why`,
        },
    ...(alone === 0 || members.length === 0
      ? []
      : [
          {
            about: 'standbys',
            verdict: 'note',
            found: `${alone} shards have none`,
            advice: 'a second member takes over at once',
          } as const,
        ]),
  ]
}

/** Whether what members hold is what the log holds. */
async function journalFindings(
  { connection, ground }: ReachedCluster,
  { shards }: ClusterTables,
  said: readonly SaidCopies[],
): Promise<Finding[]> {
  const tails = await Promise.all(shards.map(({ shard }) => readTail({ connection, ground }, shard)))
  const findings = said.flatMap(({ member, copies }) =>
    copies.flatMap((copy): Finding[] => {
      const about = `shard ${copy.shard} on ${member}`
      if (copy.error !== undefined) return [{ about, verdict: 'bad', found: copy.error }]
      const end = tails[copy.shard]?.sequence ?? 0
      if ((copy.incarnation ?? 0) > ground.incarnation || (copy.sequence ?? 0) > end)
        return [
          {
            about,
            verdict: 'bad',
            found: `its journal reaches log ${copy.incarnation}, message ${copy.sequence}; the log ends at ${end} of log ${ground.incarnation}`,
            advice:
              'the stream lost its end, or an older store was restored: the journal is the furthest there is',
          },
        ]
      return []
    }),
  )
  if (findings.length > 0) return findings
  const copies = said.reduce((sum, one) => sum + one.copies.length, 0)
  return [{ about: 'journals', verdict: 'good', found: `${copies} copies, none beyond the log` }]
}
