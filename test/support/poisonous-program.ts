/**
 * A program whose machine kills its process on one event. It sends that event between two innocent ones, and
 * says as a JSON line what came of each. Told `redrive` it redrives the first dead letter instead, `mended` the
 * same with a machine that kills no more, `look` nothing at all; then it says which letters there are.
 */
import type { EmbeddedRuntime } from '../../runtime/embedded/embedded-runtime.js'
import { createRuntime, defineActor, PerdureError } from '../../runtime/index.js'
import { mortalCounter } from './troubled-machines.js'

const [path = '', run = '', task = ''] = process.argv.slice(2)
const counter = defineActor({
  machine: mortalCounter(() => task === 'mended'),
  version: '1',
  create: () => undefined,
})
const runtime = await createRuntime({ actors: [counter], path })
if (task !== '') await redriveFirst(runtime as EmbeddedRuntime)

async function redriveFirst({ service, shard }: EmbeddedRuntime): Promise<never> {
  const letters = () => shard.journal.deadLetters(undefined, 10).map(({ id }) => id)
  const [letter] = letters()
  if (task !== 'look' && letter !== undefined) await service.settleLetter({ type: 'redrive', letter })
  await shard.host.whenIdle()
  const left = letters()
  await runtime.stop()
  process.stdout.write(`${JSON.stringify(left)}\n`)
  process.exit(0)
}
const send = (key: string, event: { type: 'ADD' } | { type: 'BOOM' }, id: string) =>
  runtime
    .actor(counter, key)
    .ask(event, { id })
    .then(
      applied => applied.snapshot.context.n as unknown,
      (error: unknown) => (error instanceof PerdureError ? error.code : String(error)),
    )
await send('poisoned', { type: 'ADD' }, 'first')
const answers = await Promise.all([
  send('before', { type: 'ADD' }, `before-${run}`),
  send('poisoned', { type: 'BOOM' }, 'boom'),
  send('after', { type: 'ADD' }, `after-${run}`),
])
const poisoned = await runtime.actor(counter, 'poisoned').ask({ type: 'ADD' }, { id: 'last' })
await runtime.stop()
process.stdout.write(`${JSON.stringify({ answers, lives: poisoned.snapshot.context.n })}\n`)
