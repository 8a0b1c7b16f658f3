/**
 * A member whose orders' charges never end: it says which it has begun, and runs until it is killed. Argument: its
 * runtime's options as JSON.
 */
import { createRuntime } from '../../runtime/index.js'
import { ledger, watchedOrder } from './engine-watched.js'

const order = watchedOrder(async attempt => {
  process.stdout.write(`charging ${attempt}\n`)
  await new Promise(() => {})
})
await createRuntime({ actors: [order, ledger], control: false, ...JSON.parse(process.argv[2] ?? '{}') })
process.stdout.write('ready\n')
