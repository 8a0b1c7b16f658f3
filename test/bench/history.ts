/**
 * The history bench: one actor with very many entries. A fresh process opens the journal and has it answer
 * (bound to hold: 100 ms), then reads pages of its history.
 */
import { join } from 'node:path'
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime } from '../../runtime/index.js'
import type { Bench } from './bench.js'
import { idle } from './idle-machine.js'
import { inFlight } from './in-flight.js'
import { orderOf } from './order-machine.js'
import { measureFresh } from './spawn-fresh.js'
import { round } from './statistics.js'

const AT_ONCE = 1_000
const ANSWER_MS_MAX = 100

export const historyBench: Bench = {
  name: 'history',
  question: 'how soon an actor with a long history is back, and how fast its history is read',
  async *run({ entries, directory, progress }) {
    const path = join(directory, 'history')
    const began = performance.now()
    const bytes = await build(path, entries, share => progress(`history: ${share} of ${entries} entries`))
    const buildMs = performance.now() - began
    progress('history: opening in a fresh process')
    const fresh = await measureFresh('history', path, entries)
    const { openAndFirstAnswerMs } = fresh
    yield {
      bench: 'history',
      entries,
      buildSeconds: round(buildMs / 1000),
      entriesPerSecond: round((entries / buildMs) * 1000),
      bytesPerEntry: round(bytes / entries),
      ...fresh,
      holdsAnswer: typeof openAndFirstAnswerMs === 'number' && openAndFirstAnswerMs <= ANSWER_MS_MAX,
    }
  },
}

/** The birth is the first entry. */
async function build(path: string, entries: number, told: (share: string) => void): Promise<number> {
  const runtime = await createRuntime({ actors: [idle], path })
  try {
    const actor = runtime.actor(idle, orderOf(0).orderId)
    await actor.start(orderOf(0))
    await inFlight(entries - 1, AT_ONCE, () => actor.send({ type: 'NUDGE' }), told)
    return (runtime as EmbeddedRuntime).shard.journal.bytes()
  } finally {
    await runtime.stop()
  }
}
