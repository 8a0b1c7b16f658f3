import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assign, setup } from 'xstate'
import { SetupError } from '../../actors/errors.js'
import { activity, createRuntime, defineActor } from '../../runtime/index.js'

let works = 0
const machine = setup({
  types: { context: {} as { result?: string } },
  actors: {
    work: activity<string>(
      async ({ attempt, signal }) => {
        works++
        if (attempt === 1) throw new Error('once more')
        await sleep(20, undefined, { signal })
        return 'worked'
      },
      { retry: { initialMs: 20 } },
    ),
  },
}).createMachine({
  id: 'job',
  context: {},
  initial: 'resting',
  states: {
    resting: { after: { 50: 'working' } },
    working: {
      invoke: {
        src: 'work',
        onDone: { target: 'over', actions: assign({ result: ({ event }) => event.output }) },
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.result,
})
const job = defineActor({ machine, version: '1' })

test('the real clock: timers, retries and activities run by themselves, and a second runtime finds what the first left', async () => {
  const path = await mkdtemp(join(tmpdir(), 'perdure-real-'))
  try {
    const first = await createRuntime({ actors: [job], path })
    const j = first.actor(job, 'j')
    await j.start(undefined)
    await assert.rejects(createRuntime({ actors: [job], path }), (error: unknown) => {
      assert.ok(error instanceof SetupError)
      assert.equal(error.code, 'DirectoryHeld')
      assert.ok(error.message.includes(String(process.pid)), error.message)
      return true
    })
    await first.stop()

    const second = await createRuntime({ actors: [job], path })
    assert.equal(await second.actor(job, 'j').output({ timeoutMs: 5_000 }), 'worked')
    assert.equal(works, 2)
    await second.stop()

    const third = await createRuntime({ actors: [job], path })
    assert.equal(await third.actor(job, 'j').output({ timeoutMs: 5_000 }), 'worked')
    assert.equal(works, 2)
    await third.stop()
  } finally {
    await rm(path, { recursive: true, force: true })
  }
})
