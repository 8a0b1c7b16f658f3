/** Many runs, shared among a few processes of this program; what each found is added up. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Kind } from './kinds.js'
import type { SimulationResult } from './simulation.js'

export interface Summary {
  readonly seeds: number
  readonly failures: readonly { readonly seed: number; readonly failure: string }[]
  readonly steps: number
  readonly entries: number
  readonly crashes: number
  readonly counts: Readonly<Record<string, number>>
  readonly seconds: number
}

const WORKER = new URL('./worker.js', import.meta.url)

/** How to see a run again, step by step. */
export function replayCommand(seed: number, kind: Kind = 'embedded'): string {
  const form = kind === 'embedded' ? '' : ` --${kind}`
  return `node ${fileURLToPath(new URL('./run.js', import.meta.url))} --seed ${seed}${form}`
}

export async function runSeeds(options: {
  from: number
  count: number
  workers: number
  kind?: Kind
}): Promise<Summary> {
  const { from, count, kind = 'embedded' } = options
  const began = performance.now()
  const results: SimulationResult[] = []
  const workers = Math.max(1, Math.min(options.workers, count))
  await Promise.all(
    Array.from({ length: workers }, (_, at) => work(kind, from + at, from + count, workers, results)),
  )
  const counts: Record<string, number> = {}
  for (const result of results)
    for (const [what, times] of Object.entries(result.counts)) counts[what] = (counts[what] ?? 0) + times
  const sum = (of: 'steps' | 'entries' | 'crashes') =>
    results.reduce((total, result) => total + result[of], 0)
  return {
    seeds: results.length,
    failures: results
      .flatMap(({ seed, failure }) => (failure === undefined ? [] : [{ seed, failure }]))
      .sort((a, b) => a.seed - b.seed),
    steps: sum('steps'),
    entries: sum('entries'),
    crashes: sum('crashes'),
    counts,
    seconds: Math.round((performance.now() - began) / 100) / 10,
  }
}

/** One process with every n-th seed. */
function work(
  kind: Kind,
  from: number,
  until: number,
  stride: number,
  results: SimulationResult[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(WORKER, [kind, String(from), String(until), String(stride)], { execArgv: [] })
    let ended: SimulationResult | undefined
    child.on('message', (result: SimulationResult) => {
      ended = result
      results.push(result)
    })
    child.on('error', reject)
    child.on('exit', code => {
      if (code === 0) resolve()
      else reject(new Error(`a worker ended with ${code} after seed ${ended?.seed ?? 'none'}`))
    })
  })
}
