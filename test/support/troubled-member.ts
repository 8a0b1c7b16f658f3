/** A member with actors that give trouble (troubled-actors.ts), until it is told to stop. Argument: its options as JSON. */
import { createRuntime } from '../../runtime/index.js'
import { archive, counter, dice, ticker } from './troubled-actors.js'

const runtime = await createRuntime({
  actors: [archive, counter, dice, ticker],
  control: false,
  ...JSON.parse(process.argv[2] ?? '{}'),
})
process.stdout.write('ready\n')
process.on('SIGTERM', () => {
  void runtime.stop().then(() => process.exit())
})
