/**
 * The main job on three members over three servers, owners killed again and again: the outcome of every order and the
 * gateway's ledger are those of one embedded runtime that nobody killed.
 *
 * The real orders and twenty kills: PERDURE_CLUSTER_ORDERS=real PERDURE_CLUSTER_KILLS=20.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { customerLanes, demoOrder, driveLanes, type Lane } from '../../runtime/demo/cluster/customer-lanes.js'
import { MemberFleet, MemberProcess } from '../../runtime/demo/cluster/member-fleet.js'
import { countLedger } from '../../runtime/demo/gateway/ledger.js'
import { startGateway } from '../../runtime/demo/gateway/start-gateway.js'
import { startNatsCluster } from '../../runtime/demo/nats-server/start-cluster.js'
import { FileSource, GeneratedSource, type OrderSource } from '../../runtime/demo/order-source.js'
import { type Client, connect } from '../../runtime/index.js'

const REAL = join(process.cwd(), '../shared/data/orders.events.ndjson')
const KILLS = Number(process.env.PERDURE_CLUSTER_KILLS ?? 4)
const MEMBERS = 3
const SHARDS = 16
const AT_ONCE = 64
const actors = [demoOrder, riskProfileActor]

function source(): OrderSource {
  return process.env.PERDURE_CLUSTER_ORDERS === 'real' ? new FileSource(REAL) : new GeneratedSource(200, 11)
}

async function outcomes(client: Client, lanes: readonly Lane[]) {
  const ids = [...new Set(lanes.flat().map(command => command.orderId))].sort()
  const states: Record<string, unknown> = {}
  for (const id of ids) {
    const found = await client.actor(demoOrder, id).getSnapshot()
    states[id] = { value: found?.value, output: found?.output, tags: [...(found?.tags ?? [])].sort() }
  }
  return states
}

async function ledgerOf(path: string) {
  const { charges, refunds, duplicateCharges, kept } = await countLedger(path)
  return { charges, refunds, duplicateCharges, kept: [...kept].sort() }
}

interface Run {
  readonly states: Record<string, unknown>
  readonly ledger: Awaited<ReturnType<typeof ledgerOf>>
  readonly seconds: number
}

/** @param during told how many commands were applied. */
async function run(
  directory: string,
  lanes: readonly Lane[],
  begin: (gateway: { port: number; answerMsMax: number }) => Promise<Client>,
  during: (count: number) => void,
): Promise<Run> {
  const ledger = join(directory, 'ledger.ndjson')
  const gateway = await startGateway({ ledger, log: join(directory, 'gateway.log') })
  try {
    const client = await begin(gateway)
    const startedAt = performance.now()
    let settled = 0
    await driveLanes(client, lanes, { atOnce: AT_ONCE, settled: () => during(++settled) })
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    const states = await outcomes(client, lanes)
    await client[Symbol.asyncDispose]()
    return { states, ledger: await ledgerOf(ledger), seconds }
  } finally {
    await gateway.stop()
  }
}

test(`orders on ${MEMBERS} members with ${KILLS} kills end as on one runtime with none`, {
  timeout: 900_000,
}, async t => {
  const directory = mkdtempSync(join(tmpdir(), 'perdure-cluster-orders-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const lanes = await customerLanes(source())
  const commands = lanes.flat().length
  const alone = join(directory, 'alone')
  let one: MemberProcess | undefined
  t.after(() => one?.kill())
  const calm = await run(
    directory,
    lanes,
    async ({ port: gatewayPort, answerMsMax }) => {
      one = new MemberProcess({ directory: alone, gatewayPort, answerMsMax }, join(directory, 'log'))
      await one.start()
      return connect({ actors, path: join(alone, 'journal') })
    },
    () => {},
  )
  await one?.kill()

  const servers = await startNatsCluster({ servers: 3 })
  t.after(() => servers.stop())
  const together = join(directory, 'together')
  mkdirSync(together)
  let fleet!: MemberFleet
  t.after(() => fleet?.end())
  const cluster = { servers: servers.urls, name: 'orders' }
  const killed = await run(
    together,
    lanes,
    async gateway => {
      const shape = { members: MEMBERS, shards: SHARDS, replicas: 3 }
      fleet = new MemberFleet({ directory: together, gateway, ...cluster, ...shape })
      await fleet.start()
      return connect({ actors, ...cluster, limits: { remoteAwayMsMax: 60_000 } })
    },
    count => {
      if (!fleet.isKilling && count > ((fleet.kills + 0.5) * commands) / (KILLS + 1)) fleet.killNext()
    },
  )
  await fleet.whole()
  const { kills } = fleet

  t.diagnostic(
    `${commands} commands: embedded ${calm.seconds} s, ${MEMBERS} members ${killed.seconds} s, ${kills} kills`,
  )
  t.diagnostic(
    `charges ${killed.ledger.charges}, double ${killed.ledger.duplicateCharges}, refunds ${killed.ledger.refunds}`,
  )
  assert.ok(kills >= KILLS, `${kills} kills`)
  assert.equal(killed.ledger.duplicateCharges, 0)
  assert.deepEqual(killed.states, calm.states)
  assert.deepEqual(killed.ledger, calm.ledger)
})
