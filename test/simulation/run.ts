/**
 * The simulation as a program: `--seed 123` shows one run step by step; `--seeds 1000 --from 1` runs many, on
 * two processes, and says how to see each that failed. `--cluster` simulates members on streams instead of one runtime on
 * a disk. `--sabotage <name>` breaks a promise on purpose.
 */
import { parseArgs } from 'node:util'
import { simulations } from './kinds.js'
import { sabotages } from './sabotage.js'
import { replayCommand, runSeeds } from './seeds.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    sabotage: { type: 'string' },
    cluster: { type: 'boolean', default: false },
  },
})

const kind = values.cluster ? 'cluster' : 'embedded'
if (values.seed !== undefined) {
  const sabotage = sabotages.find(one => one.name === values.sabotage)
  const result = await simulations[kind]({
    seed: Number(values.seed),
    onTrace: line => console.log(line),
    ...(sabotage === undefined ? {} : { sabotage }),
  })
  console.log(JSON.stringify(result, undefined, 2))
  if (result.failure !== undefined) process.exitCode = 1
} else {
  const [from, count] = [Number(values.from), Number(values.seeds)]
  const summary = await runSeeds({ from, count, workers: Number(values.workers), kind })
  for (const { seed, failure } of summary.failures)
    console.error(`seed ${seed}: ${failure}\n  ${replayCommand(seed, kind)}`)
  console.log(JSON.stringify({ ...summary, failures: summary.failures.length }, undefined, 2))
  if (summary.failures.length > 0) process.exitCode = 1
}
