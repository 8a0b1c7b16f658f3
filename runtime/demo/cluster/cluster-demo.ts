/**
 * The demo on a cluster: the same orders over several members, of which one after the other is killed. Then everything
 * is checked from outside: what was acknowledged against the orders' histories, what was charged against the
 * gateway's ledger.
 */
import { riskProfileActor } from '../../../machines/lifecycles/order-actors.js'
import type { OrderPayment } from '../../../machines/lifecycles/order-events.js'
import type { Client } from '../../client/types.js'
import { connect } from '../../connect.js'
import { SystemClock } from '../../system-clock.js'
import type { DemoOptions, DemoProgress } from '../demo.js'
import { ledgerFile, logFile } from '../demo-directory.js'
import { countLedger, type LedgerCount } from '../gateway/ledger.js'
import { startGateway } from '../gateway/start-gateway.js'
import { findMoney, type MoneyFindings, paymentsIn } from '../money.js'
import { startNatsServer } from '../nats-server/start-server.js'
import { FileSource, GeneratedSource } from '../order-source.js'
import { orderState } from '../order-state.js'
import { customerLanes, demoOrder, driveLanes, type Lane } from './customer-lanes.js'
import { MemberFleet } from './member-fleet.js'

export interface ClusterDemoOptions extends DemoOptions {
  readonly members: number
  /** Of NATS; one is found and started when absent. */
  readonly servers?: string
}

export interface ClusterDemoResult {
  readonly title: string
  readonly members: number
  readonly orders: number
  readonly commands: number
  readonly kills: number
  readonly seconds: number
  /** The longest time in which no command of anybody was settled. */
  readonly longestPauseMs: number
  /** By order id, sorted. */
  readonly states: ReadonlyMap<string, string>
  /** Acknowledged commands that are in no history. */
  readonly lost: number
  /** Commands that are in a history more than once. */
  readonly surplus: number
  readonly ledger: LedgerCount
  readonly money: MoneyFindings
}

const ORDERS_AT_ONCE = 64
const SHARDS = 16

export function isClusterFaultless({ lost, surplus, ledger, money }: ClusterDemoResult): boolean {
  return lost === 0 && surplus === 0 && ledger.duplicateCharges === 0 && money.misplaced === 0
}

/** @throws as `runDemo`; UnavailableError when no nats-server is to be had. */
export async function runClusterDemo(
  options: ClusterDemoOptions,
  progress: DemoProgress,
): Promise<ClusterDemoResult> {
  const { directory, input, orders, seed, faults = {}, members } = options
  const source = input === undefined ? new GeneratedSource(orders, seed) : new FileSource(input)
  const lanes = await customerLanes(source)
  const server = options.servers === undefined ? await startNatsServer() : undefined
  const servers = options.servers?.split(',') ?? [server!.url]
  const gateway = await startGateway({ ledger: ledgerFile(directory), log: logFile(directory), faults })
  // Each run is a cluster of its own, also on a server that has others.
  const cluster = { servers, name: `demo-${process.pid}` }
  const fleet = new MemberFleet({ members, directory, gateway, ...cluster, shards: SHARDS, replicas: 1 })
  try {
    await fleet.start()
    const client = await connect({ actors: [demoOrder, riskProfileActor], ...cluster })
    progress.begin(`${source.title}, on ${members} members`)
    const run = await drive(client, lanes, fleet, options, progress)
    const found = await audit(client, lanes)
    await client[Symbol.asyncDispose]()
    const ledger = await countLedger(ledgerFile(directory))
    return {
      title: source.title,
      members,
      orders: source.counts.size,
      kills: fleet.kills,
      ...run,
      ...found,
      ledger,
      money: findMoney(found.states, amountsOf(lanes), ledger.kept),
    }
  } finally {
    progress.stop()
    await fleet.end()
    await gateway.stop()
    await server?.stop()
  }
}

async function drive(
  client: Client,
  lanes: readonly Lane[],
  fleet: MemberFleet,
  { kills, signal }: ClusterDemoOptions,
  progress: DemoProgress,
) {
  const clock = new SystemClock()
  const commands = lanes.reduce((sum, lane) => sum + lane.length, 0)
  const startedAt = clock.elapsed()
  let [settled, settledAt, longestPauseMs] = [0, startedAt, 0]
  const orders = new Set<string>()
  await driveLanes(client, lanes, {
    atOnce: ORDERS_AT_ONCE,
    ...(signal === undefined ? {} : { signal }),
    settled: ({ orderId }) => {
      const now = clock.elapsed()
      longestPauseMs = Math.max(longestPauseMs, now - settledAt)
      settledAt = now
      orders.add(orderId)
      settled++
      const isDue = settled > ((fleet.kills + 0.5) * commands) / (kills + 1)
      if (fleet.kills < kills && isDue && !fleet.isKilling) fleet.killNext()
      progress.update({
        progress: settled / commands,
        orders: orders.size,
        commands: settled,
        kills: fleet.kills,
      })
    },
  })
  const seconds = (clock.elapsed() - startedAt) / 1000
  await fleet.whole()
  return { commands, seconds, longestPauseMs: Math.round(longestPauseMs) }
}

/** Everything the orders say of themselves, when all is over. */
async function audit(client: Client, lanes: readonly Lane[]) {
  const sent = new Map<string, string[]>()
  for (const { orderId, id } of lanes.flat()) sent.set(orderId, [...(sent.get(orderId) ?? []), id])
  const states = new Map<string, string>()
  let [lost, surplus] = [0, 0]
  for (const orderId of [...sent.keys()].sort()) {
    const order = client.actor(demoOrder, orderId)
    const snapshot = await order.getSnapshot()
    states.set(orderId, orderState(snapshot?.value))
    const times = new Map<string, number>()
    for await (const { command } of order.history())
      if (command.sender === undefined) times.set(command.commandId, (times.get(command.commandId) ?? 0) + 1)
    lost += sent.get(orderId)!.filter(id => !times.has(id)).length
    surplus += [...times.values()].filter(many => many > 1).length
  }
  return { states, lost, surplus }
}

/** What each order came to, as the shop wrote it. */
function amountsOf(lanes: readonly Lane[]): ReadonlyMap<string, number> {
  const amounts = new Map<string, number>()
  for (const { orderId, event } of lanes.flat())
    if (event.type === 'PURCHASED')
      amounts.set(orderId, paymentsIn(event.payments as readonly OrderPayment[]))
  return amounts
}
