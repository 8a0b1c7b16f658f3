/** A member that adds, until it is told to stop or killed. Argument: its runtime's options as JSON. */
import { createRuntime } from '../../runtime/index.js'
import { parcel, strict } from './http-world.js'

const runtime = await createRuntime({
  actors: [parcel, strict],
  control: false,
  ...JSON.parse(process.argv[2] ?? '{}'),
})
process.stdout.write('ready\n')
process.on('SIGTERM', () => {
  void runtime.stop().then(() => process.exit())
})
