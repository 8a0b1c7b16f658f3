/** A member that counts, until it is told to stop. Argument: its runtime's options as JSON. */
import { createRuntime, defineActor } from '../../runtime/index.js'
import { counterMachine } from './engine-counter.js'

const runtime = await createRuntime({
  actors: [defineActor({ machine: counterMachine, version: '1' })],
  control: false,
  ...JSON.parse(process.argv[2] ?? '{}'),
})
process.stdout.write('ready\n')
process.on('SIGTERM', () => {
  void runtime.stop().then(() => process.exit())
})
