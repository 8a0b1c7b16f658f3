/** A process that runs its share of the seeds and sends each result to the one that began it. */
import { simulate } from './simulation.js'

const [from = 1, until = 1, stride = 1] = process.argv.slice(2).map(Number)
for (let seed = from; seed < until; seed += stride) {
  const result = await simulate({ seed })
  await new Promise<void>(resolve => process.send?.(result, () => resolve()))
}
process.disconnect()
