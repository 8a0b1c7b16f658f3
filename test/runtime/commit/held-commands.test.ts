import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setup } from 'xstate'
import { limits } from '../../../actors/limits.js'
import { openJournal } from '../../../journal/index.js'
import { EmbeddedRuntime } from '../../../runtime/embedded/embedded-runtime.js'
import { type AnyDefinition, defineActor } from '../../../runtime/index.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { createRuntime } from '../../support/runtime-here.js'

const child = setup({}).createMachine({
  id: 'child',
  initial: 'born',
  states: { born: { type: 'final' } },
})
const machine = setup({ types: { events: {} as { type: 'GO' } }, actors: { child } }).createMachine({
  id: 'family',
  initial: 'idle',
  states: {
    idle: { on: { GO: 'waiting' } },
    waiting: { invoke: { src: 'child', onDone: 'told' } },
    told: {},
  },
})
const version = (name: string, previous: AnyDefinition[] = []) =>
  defineActor({ machine, version: name, previous, create: () => undefined })

test('what was pending for an actor waits through a runtime without its version', async t => {
  const path = mkdtempSync(join(tmpdir(), 'perdure-held-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  const warnings: string[] = []
  const logger = { warn: (_: object, message: string) => warnings.push(message), error: () => {} }
  const first = version('1')
  const killed = new EmbeddedRuntime({
    actors: [first],
    clock: new SystemClock(),
    // One step a commit: the child's birth is left for the next.
    limits: { ...limits, batchCommandsMax: 1 },
    logger,
    mintId: () => 'go',
    openJournal: () => openJournal({ path, holder: { pid: 1, host: 'here', program: 'test', since: 0 } }),
    onCommitted: ({ pending }) => {
      if (pending.some(one => one.kind === 'operator')) killed.shard.host.kill()
    },
  })
  await killed.actor(first, 'f').send({ type: 'GO' })
  assert.equal(killed.shard.journal.pending().length, 1)
  killed.shard.journal.close()

  const second = version('2')
  const without = await createRuntime({ actors: [second], path, logger })
  await without.actor(second, 'another').ask({ type: 'GO' }, { until: s => s.value === 'told' })
  await without.stop()
  assert.deepEqual(warnings, ['commands wait for a version that was not given'])

  const both = version('2', [first])
  const runtime = await createRuntime({ actors: [both], path, logger })
  await runtime.actor(both, 'f').waitFor(s => s.value === 'told')
  await runtime.stop()
  const journal = openJournal({ path, readOnly: true })
  assert.deepEqual([journal.pending(), journal.deadLetters(undefined, 10)], [[], []])
  journal.close()
})
