/**
 * What is measured in a process of its own that opens a journal somebody else wrote: `node fresh.js idle DIR
 * ACTORS` or `history DIR ENTRIES`. One line of JSON on stdout. Times begin before the runtime is made and do
 * not hold the loading of the program.
 */
import { randomBits } from '../../machines/random.js'
import { createRuntime } from '../../runtime/index.js'
import type { Line } from './bench.js'
import { idle } from './idle-machine.js'
import { orderOf } from './order-machine.js'
import { Latencies, round } from './statistics.js'

const ASKS = 1_000
const PAGE_READS = 100
const PAGE_ENTRIES = 1_000
/** Which actors and places are asked for: the same in every run. */
const SEED = 1

const [what, path = '', size = ''] = process.argv.slice(2)
const line = await (what === 'idle' ? openIdle(path, Number(size)) : openHistory(path, Number(size)))
process.stdout.write(`${JSON.stringify(line)}\n`)

async function openIdle(path: string, actors: number): Promise<Line> {
  const beforeMb = rssMb()
  const began = performance.now()
  const runtime = await createRuntime({ actors: [idle], path })
  const openMs = performance.now() - began
  const ask = (n: number) => runtime.actor(idle, orderOf(n).orderId).ask({ type: 'NUDGE' })
  const random = below(actors)
  await ask(random())
  const firstMs = performance.now() - began
  const openedMb = rssMb()
  const asks = await timed(ASKS, () => ask(random()))
  const reads = await timed(ASKS, () => runtime.actor(idle, orderOf(random()).orderId).getSnapshot())
  const askedMb = rssMb()
  await runtime.stop()
  return {
    openMs: round(openMs),
    openAndFirstAnswerMs: round(firstMs),
    askP50Ms: asks.percentile(50),
    askP99Ms: asks.percentile(99),
    readP50Ms: reads.percentile(50),
    readP99Ms: reads.percentile(99),
    rssBeforeMb: beforeMb,
    rssOpenedMb: openedMb,
    rssAskedMb: askedMb,
    rssMaxMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

async function openHistory(path: string, entries: number): Promise<Line> {
  const began = performance.now()
  const runtime = await createRuntime({ actors: [idle], path })
  const openMs = performance.now() - began
  const actor = runtime.actor(idle, orderOf(0).orderId)
  const { snapshot } = await actor.ask({ type: 'NUDGE' })
  const firstMs = performance.now() - began
  if (snapshot.seq !== entries + 1)
    throw new Error(`${actor.id} answers at entry ${snapshot.seq}: expected ${entries + 1}`)
  const random = below(Math.max(1, entries - PAGE_ENTRIES))
  const pages = await timed(PAGE_READS, async () => {
    let read = 0
    for await (const _ of actor.history({ afterSeq: random() })) if (++read === PAGE_ENTRIES) break
  })
  await runtime.stop()
  return {
    openMs: round(openMs),
    openAndFirstAnswerMs: round(firstMs),
    pageEntries: PAGE_ENTRIES,
    pageP50Ms: pages.percentile(50),
    pageP99Ms: pages.percentile(99),
    rssMaxMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }
}

async function timed(times: number, work: () => Promise<unknown>): Promise<Latencies> {
  const latencies = new Latencies()
  for (let time = 0; time < times; time++) {
    const began = performance.now()
    await work()
    latencies.note(performance.now() - began)
  }
  return latencies
}

function below(max: number): () => number {
  const bits = randomBits(SEED)
  return () => bits() % max
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20)
}
