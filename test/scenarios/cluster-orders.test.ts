/**
 * The main job on three members over three servers, owners killed again and again: the outcome of every order and the
 * gateway's ledger are those of one embedded runtime that nobody killed.
 *
 * The real orders and twenty kills: PERDURE_CLUSTER_ORDERS=real PERDURE_CLUSTER_KILLS=20.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { noServices } from '../../machines/lifecycles/order-activities.js'
import { orderV1, riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import type { OrderEvent } from '../../machines/lifecycles/order-events.js'
import { countLedger } from '../../runtime/demo/gateway/ledger.js'
import { startGateway } from '../../runtime/demo/gateway/start-gateway.js'
import { startNatsCluster } from '../../runtime/demo/nats-server/start-cluster.js'
import type { OrderCommand } from '../../runtime/demo/order-record.js'
import { FileSource, GeneratedSource, type OrderSource } from '../../runtime/demo/order-source.js'
import { type Client, connect } from '../../runtime/index.js'
import type { MemberProgram } from '../support/member-program.js'

const PROGRAM = fileURLToPath(new URL('../support/member-program.js', import.meta.url))
const REAL = join(process.cwd(), '../shared/data/orders.events.ndjson')
const KILLS = Number(process.env.PERDURE_CLUSTER_KILLS ?? 4)
const MEMBERS = 3
const SHARDS = 16
const LANES = 64
const definition = orderV1(noServices)
const actors = [definition, riskProfileActor]

function source(): OrderSource {
  return process.env.PERDURE_CLUSTER_ORDERS === 'real' ? new FileSource(REAL) : new GeneratedSource(200, 11)
}

/** Commands by customer: what a customer's next order is judged by is how the ones before went. */
async function lanesOf(orders: OrderSource): Promise<OrderCommand[][]> {
  const customers = new Map<string, string>()
  const lanes = new Map<string, OrderCommand[]>()
  for await (const command of orders.commands()) {
    const { orderId, event } = command
    if (event.type === 'PURCHASED') customers.set(orderId, String(event.customer))
    const customer = customers.get(orderId) ?? orderId
    lanes.set(customer, [...(lanes.get(customer) ?? []), command])
  }
  return [...lanes.values()]
}

/** A program, started again whenever it is killed. */
class Killable {
  readonly #program: MemberProgram
  #child!: ChildProcess

  constructor(program: MemberProgram) {
    this.#program = program
    mkdirSync(program.directory, { recursive: true })
  }

  async start(): Promise<void> {
    this.#child = spawn(process.execPath, [PROGRAM, JSON.stringify(this.#program)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(this.#child.stdout!, 'data')
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

/** Each lane in its order; an order's next event when nothing of it is under way. */
async function drive(client: Client, lanes: readonly OrderCommand[][], applied: (count: number) => void) {
  const waiting = [...lanes]
  let count = 0
  const worker = async () => {
    for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift())
      for (const { id, orderId, event } of lane) {
        const order = client.actor(definition, orderId)
        await order.send(event as OrderEvent, { id })
        await order.waitFor(state => !state.hasTag('working') && !state.hasTag('review'), {
          timeoutMs: 120_000,
        })
        applied(++count)
      }
  }
  await Promise.all(Array.from({ length: LANES }, worker))
  return count
}

async function outcomes(client: Client, lanes: readonly OrderCommand[][]) {
  const ids = [...new Set(lanes.flat().map(command => command.orderId))].sort()
  const states: Record<string, unknown> = {}
  for (const id of ids) {
    const found = await client.actor(definition, id).getSnapshot()
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
  lanes: readonly OrderCommand[][],
  begin: (gateway: { port: number; answerMsMax: number }) => Promise<Client>,
  during: (count: number) => void,
): Promise<Run> {
  const ledger = join(directory, 'ledger.ndjson')
  const gateway = await startGateway({ ledger, log: join(directory, 'gateway.log') })
  try {
    const client = await begin(gateway)
    const startedAt = performance.now()
    await drive(client, lanes, during)
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
  const lanes = await lanesOf(source())
  const commands = lanes.flat().length
  const running: Killable[] = []
  t.after(() => Promise.all(running.map(one => one.kill())))

  const alone = join(directory, 'alone')
  const calm = await run(
    join(directory),
    lanes,
    async ({ port, answerMsMax }) => {
      const one = new Killable({ directory: alone, gatewayPort: port, answerMsMax })
      await one.start()
      running.push(one)
      return connect({ actors, path: join(alone, 'journal') })
    },
    () => {},
  )
  await running.pop()?.kill()

  const servers = await startNatsCluster({ servers: 3 })
  t.after(() => servers.stop())
  const together = join(directory, 'together')
  mkdirSync(together)
  let kills = 0
  let killing: Promise<void> | undefined
  const killNext = async () => {
    const one = running[kills++ % MEMBERS]!
    await one.kill()
    await one.start()
    killing = undefined
  }
  const cluster = { servers: servers.urls, name: 'orders' }
  const killed = await run(
    together,
    lanes,
    async ({ port, answerMsMax }) => {
      for (let n = 0; n < MEMBERS; n++) {
        const member = { ...cluster, member: `m${n}`, shards: SHARDS, replicas: 3 }
        const one = new Killable({
          directory: join(together, `m${n}`),
          gatewayPort: port,
          answerMsMax,
          cluster: member,
        })
        await one.start()
        running.push(one)
      }
      return connect({ actors, ...cluster, limits: { remoteAwayMsMax: 60_000 } })
    },
    count => {
      if (killing === undefined && count > ((kills + 0.5) * commands) / (KILLS + 1)) killing = killNext()
    },
  )
  await killing

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
