/** What becomes of each kind of entry in an inspector's words. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sendTo, setup } from 'xstate'
import { limits } from '../../../actors/limits.js'
import { activity, defineActor, ref } from '../../../runtime/index.js'
import { inspectionOf } from '../../../runtime/inspect/options.js'
import { messagesOf } from '../../../runtime/inspect/story.js'
import { Veil } from '../../../runtime/inspect/veil.js'
import { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { tellOf } from './orders.js'

const inspection = inspectionOf({ actors: ['job/j'] }, ['job'], limits)
const veil = new Veil(inspection, limits.inspectMessageBytesMax, () => {})

/** A runtime in which all that happens is told. */
function tellingRuntime() {
  let failures = 2
  const job = defineActor({
    machine: setup({
      types: { events: {} as { type: 'GO' | 'WAIT' | 'CALL' | 'BOOM' } },
      actors: {
        deed: activity(async () => {
          if (failures-- > 0) throw new Error('not yet')
          return 7
        }),
        kid: setup({}).createMachine({ id: 'kid', initial: 'a', states: { a: {} } }),
      },
      guards: {
        explodes: () => {
          throw new Error('boom')
        },
      },
    }).createMachine({
      id: 'job',
      initial: 'idle',
      states: {
        idle: {
          on: {
            GO: 'working',
            WAIT: 'waiting',
            CALL: { actions: sendTo(ref('job', 'other'), { type: 'WAIT' }) },
            BOOM: { guard: 'explodes', target: 'working' },
          },
        },
        working: { invoke: { id: 'deed', src: 'deed', onDone: 'parent' } },
        waiting: { after: { 500: 'idle' } },
        parent: { invoke: { id: 'kid', src: 'kid' } },
      },
    }),
    version: '1',
    create: () => undefined,
  })
  const runtime = new VirtualTimeRuntime({ actors: [job] })
  const told: string[] = []
  const before = new Map<string, Parameters<typeof messagesOf>[0]['life']>()
  runtime.engine.shard.host.followers.onEveryStep(({ entry, life }) => {
    for (const message of messagesOf({ before: before.get(entry.address), entry, life, past: false }, veil)) {
      const source = message.type === '@xstate.event' && message.sourceId ? ` from ${message.sourceId}` : ''
      const { outcome = 'applied' } = message.perdure
      told.push(
        `${tellOf(JSON.parse(veil.text(message)))}${source}${outcome === 'applied' ? '' : ` (${outcome})`}`,
      )
    }
    before.set(entry.address, life)
  })
  return { runtime, told, job: runtime.actor(job, 'j') }
}

suite('the story of an entry', () => {
  test('work that fails is seen to be tried again; the machine hears of its end alone', async () => {
    const { runtime, told, job } = tellingRuntime()
    await using _ = runtime
    await job.send({ type: 'GO' })
    await runtime.advance(60_000)
    assert.deepEqual(told, [
      'job/j is there',
      'job/j hears xstate.init',
      'job/j is "idle"',
      'job/j hears GO',
      'job/j is "working"',
      'job/j@deed.1 is there',
      // Each failure, and each wait that is over.
      'job/j@deed.1 is "active"',
      'job/j@deed.1 is "active"',
      'job/j@deed.1 is "active"',
      'job/j@deed.1 is "active"',
      'job/j@deed.1 is "done"',
      'job/j hears xstate.done.actor.deed from job/j@deed.1',
      'job/j is "parent"',
      'job/j/kid is there',
      'job/j/kid hears xstate.init from job/j',
      'job/j/kid is "a"',
    ])
  })

  test('a timer is the event it was set for, from the actor itself', async () => {
    const { runtime, told, job } = tellingRuntime()
    await using _ = runtime
    await job.send({ type: 'WAIT' })
    await runtime.advance(500)
    assert.deepEqual(told.slice(-2), [
      'job/j hears xstate.after.500.job.waiting from job/j',
      'job/j is "idle"',
    ])
  })

  test('a message says which actor sent it', async () => {
    const { runtime, told, job } = tellingRuntime()
    await using _ = runtime
    await job.send({ type: 'CALL' })
    assert.ok(told.includes('job/other hears WAIT from job/j'), told.join('\n'))
  })

  test('an event that nothing handles, or that fails, is shown as that', async () => {
    const { runtime, told, job } = tellingRuntime()
    await using _ = runtime
    await job.send({ type: 'WAIT' })
    await job.send({ type: 'GO' })
    assert.deepEqual(told.slice(-2), ['job/j hears GO (unhandled)', 'job/j is "waiting" (unhandled)'])
    await runtime.advance(500)
    await assert.rejects(job.send({ type: 'BOOM' }), { code: 'StepFailed' })
    assert.deepEqual(told.slice(-2), ['job/j hears BOOM (failed)', 'job/j is "idle" (failed)'])
  })

  test('an end from outside, and a message kept for later', async () => {
    const { runtime, told, job } = tellingRuntime()
    await using _ = runtime
    await job.send({ type: 'WAIT' }, { delayMs: 10_000 })
    assert.equal(told.at(-2), 'job/j hears $delayed')
    await job.terminate('enough')
    assert.equal(told.at(-2), 'job/j hears $terminate')
  })
})
