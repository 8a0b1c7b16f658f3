/**
 * The simulation as a program: `--seed 123` shows one run step by step; `--seeds 1000 --from 1` runs many, on
 * two processes, and says how to see each that failed. `--sabotage <name>` breaks a promise on purpose.
 */
import { parseArgs } from 'node:util'
import { sabotages } from './sabotage.js'
import { replayCommand, runSeeds } from './seeds.js'
import { simulate } from './simulation.js'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    sabotage: { type: 'string' },
  },
})

if (values.seed !== undefined) {
  const sabotage = sabotages.find(one => one.name === values.sabotage)
  const result = await simulate({
    seed: Number(values.seed),
    onTrace: line => console.log(line),
    ...(sabotage === undefined ? {} : { sabotage }),
  })
  console.log(JSON.stringify(result, undefined, 2))
  if (result.failure !== undefined) process.exitCode = 1
} else {
  const [from, count] = [Number(values.from), Number(values.seeds)]
  const summary = await runSeeds({ from, count, workers: Number(values.workers) })
  for (const { seed, failure } of summary.failures)
    console.error(`seed ${seed}: ${failure}\n  ${replayCommand(seed)}`)
  console.log(JSON.stringify({ ...summary, failures: summary.failures.length }, undefined, 2))
  if (summary.failures.length > 0) process.exitCode = 1
}
