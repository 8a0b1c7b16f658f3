/**
 * Both lives of the recovery bench's process, each ended by a kill: `node recovery-program.js build DIR ORDERS`
 * brings orders to where their charges are in flight; `silent DIR ORDERS SINCE` and `prompt …` begin again on
 * what is left, with a gateway that answers no charge and room to have them all at once, or with one that
 * answers each and the limits everybody has. SINCE is when the process was spawned, milliseconds since 1970.
 * Each says one line of JSON, and lives on.
 */

import { riskProfileActor } from '../../machines/lifecycles/order-actors.js'
import { randomBits } from '../../machines/random.js'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime, type Runtime } from '../../runtime/index.js'
import { Begun } from './begun.js'
import type { Line } from './bench.js'
import { inFlight } from './in-flight.js'
import { pendingEvents, pendingKey, pendingOrders } from './pending-orders.js'
import { Latencies, round } from './statistics.js'

const AT_ONCE = 500
/** Between the commands that somebody sends while the rest is recovered. */
const ASK_PAUSE_MS = 10
/** Which orders are asked: the same in every run. */
const SEED = 1

const [job, path = '', size = '', since = ''] = process.argv.slice(2)
const orders = Number(size)
const roomForAll = { activitiesRunningMax: orders + AT_ONCE, dispatchQueueMax: orders + AT_ONCE }
const begun = new Begun(orders)
const line = await (job === 'build' ? build() : recover(job === 'prompt'))
process.stdout.write(`${JSON.stringify(line)}\n`)

async function build(): Promise<Line> {
  const began = performance.now()
  const order = orderWith(false)
  const runtime = await createRuntime({ actors: [order, riskProfileActor], path, limits: roomForAll })
  const work = (n: number) => {
    const actor = runtime.actor(order, pendingKey(n))
    return Promise.all(pendingEvents(n, Date.now()).map(event => actor.send(event)))
  }
  await inFlight(orders, AT_ONCE, work, share => process.stderr.write(`· recovery: ${share} built\n`))
  await begun.all
  const { journal } = shardOf(runtime)
  return {
    buildSeconds: round((performance.now() - began) / 1000),
    entries: journal.position,
    journalMb: Math.round(journal.bytes() / 2 ** 20),
  }
}

async function recover(isPrompt: boolean): Promise<Line> {
  const order = orderWith(isPrompt)
  const loadedMs = sinceSpawn()
  const limits = isPrompt ? {} : roomForAll
  const runtime = await createRuntime({ actors: [order, riskProfileActor], path, limits })
  const { host, journal } = shardOf(runtime)
  const before = journal.position
  const openMs = sinceSpawn()
  const bits = randomBits(SEED)
  const ask = () => {
    const actor = runtime.actor(order, pendingKey(bits() % orders))
    return actor.ask({ type: 'HANDED_TO_CARRIER', at: Date.now() })
  }
  await ask()
  const firstAnswerMs = sinceSpawn()
  const latencies = new Latencies()
  const asking = askUntil(begun.all, ask, latencies)
  await begun.all
  const redispatchedMs = sinceSpawn()
  const running = host.runner.running
  await asking
  return {
    gateway: isPrompt ? 'prompt' : 'silent',
    activitiesRunningMax: isPrompt ? 'default' : roomForAll.activitiesRunningMax,
    loadedMs: round(loadedMs),
    openMs: round(openMs),
    firstAnswerMs: round(firstAnswerMs),
    redispatchedMs: round(redispatchedMs),
    redispatched: begun.count,
    running,
    entriesMeanwhile: journal.position - before,
    asksMeanwhile: latencies.count,
    askP50Ms: latencies.percentile(50),
    askP99Ms: latencies.percentile(99),
    rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
  }
}

/** Somebody sends commands, one after the other, until that. */
async function askUntil(end: Promise<void>, ask: () => Promise<unknown>, latencies: Latencies) {
  let isOver = false
  void end.then(() => {
    isOver = true
  })
  while (!isOver) {
    const began = performance.now()
    await ask()
    latencies.note(performance.now() - began)
    await new Promise(resolve => setTimeout(resolve, ASK_PAUSE_MS))
  }
}

function orderWith(isPrompt: boolean) {
  return pendingOrders({
    charge: orderId => {
      begun.note(orderId)
      return isPrompt ? Promise.resolve({ receiptId: `receipt-${orderId}` }) : new Promise(() => {})
    },
  })
}

function shardOf(runtime: Runtime) {
  return (runtime as EmbeddedRuntime).shard
}

function sinceSpawn(): number {
  return Date.now() - Number(since)
}
