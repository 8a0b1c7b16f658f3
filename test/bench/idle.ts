/**
 * The idle bench: very many sleeping orders, each with a timer far away, given birth through the public API.
 * Then a fresh process opens their journal: how long that takes, what memory it has, how soon one of them,
 * picked at random, answers an event (durable) and a read. Bound to hold: 300 MB, 10 ms.
 */
import { join } from 'node:path'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime } from '../../runtime/index.js'
import type { Bench, Figure } from './bench.js'
import { idle } from './idle-machine.js'
import { inFlight } from './in-flight.js'
import { orderOf } from './order-machine.js'
import { measureFresh } from './spawn-fresh.js'
import { round } from './statistics.js'

const ACTORS = 1_000_000
const AT_ONCE = 1_000
const RSS_MB_MAX = 300
const ANSWER_MS_MAX = 10

export const idleBench: Bench = {
  name: 'idle',
  question: 'what many sleeping orders cost a process, and how soon any one of them answers',
  async *run({ actors = ACTORS, directory, progress }) {
    const path = join(directory, 'idle')
    const began = performance.now()
    const bytes = await build(path, actors, share => progress(`idle: ${share} of ${actors} orders born`))
    const buildMs = performance.now() - began
    progress('idle: opening in a fresh process')
    const fresh = await measureFresh('idle', path, actors)
    yield {
      bench: 'idle',
      actors,
      buildSeconds: round(buildMs / 1000),
      birthsPerSecond: round((actors / buildMs) * 1000),
      bytesPerActor: round(bytes / actors),
      ...fresh,
      holdsMemory: atMost(fresh.rssMaxMb, RSS_MB_MAX),
      holdsAnswer: atMost(fresh.askP99Ms, ANSWER_MS_MAX),
    }
  },
}

async function build(path: string, actors: number, told: (share: string) => void): Promise<number> {
  const runtime = await createRuntime({ actors: [idle], path, limits: { activeActorsMax: AT_ONCE } })
  try {
    const birth = (n: number) => runtime.actor(idle, orderOf(n).orderId).start(orderOf(n))
    await inFlight(actors, AT_ONCE, birth, told)
    return (runtime as EmbeddedRuntime).shard.journal.bytes()
  } finally {
    await runtime.stop()
  }
}

function atMost(figure: Figure | undefined, max: number): boolean {
  return typeof figure === 'number' && figure <= max
}
