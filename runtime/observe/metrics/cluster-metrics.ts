/**
 * A member's part in its cluster as Prometheus metrics, in a registry of its own. Batches to the log are counted as
 * they fly; all else is read when someone scrapes. Labels are shards, roles and outcomes: as many as the cluster was
 * made with.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { ClusterObserver, Flight } from '../../../cluster/index.js'

/** A member at this moment. */
export interface MemberState {
  readonly shards: Readonly<Record<'owner' | 'standby' | 'broken', number>>
  readonly members: number
  /** Of the shards owned. */
  readonly epochs: ReadonlyMap<number, number>
  /** Of the shards stood by for: messages of the log that are still to be applied, where that could be learnt. */
  readonly lags: ReadonlyMap<number, number>
  /** Messages in the inboxes of the shards owned. */
  readonly backlog: number
  readonly isConnected: boolean
  readonly isLeaseValid: boolean
  readonly leaseAgeMs: number | undefined
  /** Since the member began. */
  readonly totals: Readonly<Record<Total, number>>
}

export type Total =
  | 'takenFromDead'
  | 'takenInOrder'
  | 'given'
  | 'lost'
  | 'reconnects'
  | 'leaseLosses'
  | 'heartbeatsMissed'

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
const MESSAGES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

export class ClusterMetrics implements ClusterObserver {
  readonly #registry = new Registry()
  readonly #flights = flightsIn(this.#registry)
  readonly #gauges = gaugesIn(this.#registry)
  readonly #totals = totalsIn(this.#registry)

  flew({ outcome, commits, messages, bytes, ms }: Flight): void {
    this.#flights.outcomes.inc({ outcome })
    this.#flights.seconds.observe(ms / 1000)
    this.#flights.commits.observe(commits)
    this.#flights.messages.observe(messages)
    this.#flights.bytes.observe(bytes)
  }

  async text(state: MemberState): Promise<string> {
    const { shards, members, connected, leaseValid, leaseAge, backlog, epoch, lag } = this.#gauges
    for (const [role, count] of Object.entries(state.shards)) shards.set({ role }, count)
    members.set(state.members)
    connected.set(Number(state.isConnected))
    leaseValid.set(Number(state.isLeaseValid))
    if (state.leaseAgeMs === undefined) leaseAge.remove()
    else leaseAge.set(state.leaseAgeMs / 1000)
    backlog.set(state.backlog)
    for (const [gauge, values] of [
      [epoch, state.epochs],
      [lag, state.lags],
    ] as const) {
      gauge.reset()
      for (const [shard, value] of values) gauge.set({ shard }, value)
    }
    for (const [name, labels, counter] of this.#totals) {
      counter.remove(labels)
      counter.inc(labels, state.totals[name])
    }
    return this.#registry.metrics()
  }
}

function flightsIn(registry: Registry) {
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers: [registry] })
  return {
    outcomes: new Counter({
      name: 'perdure_cluster_flights_total',
      help: 'Atomic batches sent to the log, by what became of them; of refused ones nothing was written',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    seconds: histogram('perdure_cluster_flight_seconds', 'Time until the log answered a batch', SECONDS),
    commits: histogram('perdure_cluster_flight_commits', 'Commits of shards in one batch', MESSAGES),
    messages: histogram('perdure_cluster_flight_messages', 'Messages in one batch', MESSAGES),
    bytes: histogram('perdure_cluster_flight_bytes', 'Bytes of one batch', [1e3, 1e4, 1e5, 1e6, 1e7]),
  }
}

function gaugesIn(registry: Registry) {
  const gauge = <const Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  return {
    shards: gauge(
      'perdure_cluster_shards',
      'Shards this member owns, stands by for, cannot bring up',
      'role',
    ),
    members: gauge('perdure_cluster_members', 'Members that live, as this one sees it'),
    connected: gauge('perdure_cluster_connected', 'Whether the member is connected to NATS'),
    leaseValid: gauge('perdure_cluster_lease_valid', 'Whether the lease of the member certainly holds'),
    leaseAge: gauge('perdure_cluster_lease_age_seconds', 'Time since the lease was renewed'),
    backlog: gauge(
      'perdure_cluster_inbox_messages',
      'Messages in the streams that the shards owned here have still to take, as of the last they read',
    ),
    epoch: gauge('perdure_cluster_shard_epoch', 'Epoch of a shard owned here', 'shard'),
    lag: gauge(
      'perdure_cluster_standby_lag_messages',
      'Messages of the log from what a standby has applied to the last commit of its shard',
      'shard',
    ),
  }
}

function totalsIn(registry: Registry) {
  const counter = <const Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers: [registry] }) as Counter
  const taken = counter('perdure_cluster_shards_taken_total', 'Shards that came to this member', 'from')
  return [
    ['takenFromDead', { from: 'dead' }, taken],
    ['takenInOrder', { from: 'order' }, taken],
    ['given', {}, counter('perdure_cluster_shards_given_total', 'Shards handed over in order')],
    ['lost', {}, counter('perdure_cluster_shards_lost_total', 'Shards lost, or failed here')],
    ['reconnects', {}, counter('perdure_cluster_reconnects_total', 'Connections to NATS that came back')],
    ['leaseLosses', {}, counter('perdure_cluster_lease_losses_total', 'Leases that were lost')],
    [
      'heartbeatsMissed',
      {},
      counter('perdure_cluster_heartbeats_missed_total', 'Heartbeats that were not acknowledged'),
    ],
  ] satisfies readonly (readonly [Total, Record<string, string>, Counter])[]
}
