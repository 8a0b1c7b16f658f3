/** A process that runs its share of the seeds and sends each result to the one that began it. */
import { kindOf, simulations } from './kinds.js'

const [kind, ...numbers] = process.argv.slice(2)
const [from = 1, until = 1, stride = 1] = numbers.map(Number)
const simulate = simulations[kindOf(kind)]
for (let seed = from; seed < until; seed += stride) {
  const result = await simulate({ seed })
  await new Promise<void>(resolve => process.send?.(result, () => resolve()))
}
process.disconnect()
