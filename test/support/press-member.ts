/** A member whose actors work as long as a test wants. Argument: a `PressProgram` as JSON. */
import { join } from 'node:path'
import { createRuntime } from '../../runtime/index.js'
import { pressOf } from './press.js'

export interface PressProgram {
  /** Of all members: where what they do outside is noted. */
  readonly directory: string
  readonly cluster: {
    readonly servers: string
    readonly name: string
    readonly shards: number
    readonly member: string
  }
}

const { directory, cluster } = JSON.parse(process.argv[2] ?? '{}') as PressProgram
const runtime = await createRuntime({
  actors: [pressOf(directory, cluster.member)],
  path: join(directory, cluster.member),
  control: false,
  cluster,
})
process.stdout.write('ready\n')
process.on('SIGTERM', () => {
  void runtime.stop().then(() => process.exit())
})
