/** A member's numbers as text: its engine's, of all its shards together, and those of its part in the cluster. */
import type { ClusterCommitLog } from '../../cluster/index.js'
import type { Load } from '../observe/load.js'
import type { ClusterMetrics, MemberState } from '../observe/metrics/cluster-metrics.js'
import type { EngineMetrics } from '../observe/metrics/engine-metrics.js'
import type { ClusterMember } from './cluster-member.js'
import { MemberLoad } from './member-load.js'
import type { MemberShard } from './member-shard.js'

type MeasuredMember = Pick<ClusterMember, 'membership' | 'shards' | 'broken' | 'counts' | 'isConnected'>

export class MemberMetrics {
  readonly engine: EngineMetrics
  readonly cluster: ClusterMetrics
  readonly #load = new MemberLoad()

  constructor(engine: EngineMetrics, cluster: ClusterMetrics) {
    this.engine = engine
    this.cluster = cluster
  }

  async text(member: MeasuredMember, log: Pick<ClusterCommitLog, 'last'>): Promise<string> {
    const state = await stateOf(member, log)
    const load = this.#load.of(loadsOf(member))
    return `${await this.engine.text(load)}\n${await this.cluster.text(state)}`
  }
}

function loadsOf({ shards }: MeasuredMember): Map<string, Load> {
  const loads = new Map<string, Load>()
  for (const { number, epoch, service, shard } of shards)
    if (service !== undefined && shard?.host.isOver === false) loads.set(`${number} ${epoch}`, service.load())
  return loads
}

async function stateOf(member: MeasuredMember, log: Pick<ClusterCommitLog, 'last'>): Promise<MemberState> {
  const { membership, shards, broken, counts, isConnected } = member
  const owned = shards.filter(shard => shard.isOwned)
  const standbys = shards.filter(shard => !shard.isOwned)
  const { ageMs: leaseAgeMs, losses: leaseLosses, missed: heartbeatsMissed } = membership.vitals
  const { takenFromDead, takenInOrder, given, lost, reconnects } = counts
  return {
    shards: { owner: owned.length, standby: standbys.length, broken: broken.size },
    members: membership.members().length,
    epochs: new Map(owned.map(shard => [shard.number, shard.epoch ?? 0])),
    lags: isConnected ? await lagsOf(standbys, log) : new Map(),
    backlog: owned.reduce((sum, shard) => sum + shard.backlog, 0),
    isConnected,
    isLeaseValid: membership.isValid(),
    leaseAgeMs,
    totals: { takenFromDead, takenInOrder, given, lost, reconnects, leaseLosses, heartbeatsMissed },
  }
}

/** What the servers do not say in time is left out. */
async function lagsOf(
  standbys: readonly MemberShard[],
  log: Pick<ClusterCommitLog, 'last'>,
): Promise<Map<number, number>> {
  const lags = await Promise.all(
    standbys.map(async shard => {
      const last = await log.last(shard.number).catch(() => undefined)
      const lag = last && Math.max(0, last.sequence - (shard.readTo?.sequence ?? 0))
      return lag === undefined ? [] : [[shard.number, lag] as const]
    }),
  )
  return new Map(lags.flat())
}
