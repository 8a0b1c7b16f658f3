/** Event time where not all goes well: what cannot move, a runtime that ends, no room, a child's own time. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import type { Limits } from '../../../actors/limits.js'
import type { ActivityOptions } from '../../../machines/index.js'
import { createEventTimeRuntime } from '../../../runtime/compose.js'
import { type AnyDefinition, activity, defineActor } from '../../../runtime/index.js'
import { until } from '../../support/until.js'

const resting = setup({ types: { events: {} as { type: 'GO' } } }).createMachine({
  id: 'nap',
  initial: 'asleep',
  on: { GO: {} },
  states: { asleep: { after: { 1000: 'awake' } }, awake: {} },
})
const nap = (version: string) => defineActor({ machine: resting, version, create: () => undefined })

/** Never rests: its last timer does not come. */
const pulse = defineActor({
  version: '1',
  create: () => undefined,
  machine: setup({ types: { events: {} as { type: 'GO' } } }).createMachine({
    id: 'pulse',
    initial: 'on',
    on: { GO: {} },
    states: { on: { after: { 1000: 'off' } }, off: { after: { 1000: 'on' } } },
  }),
})

/** Its attempts are left to whoever has the token: two of them. */
function elsewhereActor(tokens: string[], policy: ActivityOptions) {
  const errand = activity(
    async ({ token, elsewhere }) => {
      tokens.push(token)
      return elsewhere()
    },
    { retry: { attempts: 2, initialMs: 1 }, ...policy },
  )
  return defineActor({
    version: '1',
    create: () => undefined,
    machine: setup({
      types: { context: {} as { failed: string }, events: {} as { type: 'GO' } },
      actors: { errand },
    }).createMachine({
      id: 'errand',
      context: { failed: '' },
      initial: 'running',
      on: { GO: {} },
      states: {
        running: {
          invoke: {
            src: 'errand',
            onDone: 'over',
            onError: {
              target: 'over',
              actions: assign({ failed: ({ event }) => (event.error as Error).message }),
            },
          },
        },
        over: {},
      },
    }),
  })
}

suite('event time', () => {
  let path: string
  const warnings: object[] = []
  const logger = { warn: (facts: object) => warnings.push(facts), error: () => {} }
  const begin = (actor: AnyDefinition, limits: Partial<Limits> = {}) =>
    createEventTimeRuntime({ actors: [actor], path, logger, limits })

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'perdure-event-time-'))
    warnings.length = 0
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))

  test('an actor whose version is not here keeps its timer, and holds up nobody', async () => {
    const before = await begin(nap('1'))
    for (const key of ['a', 'b', 'c']) await before.submit('nap', key, { type: 'GO' }, { id: '1', at: 1000 })
    await before.stop()
    const other = nap('2')
    const without = await begin(other, { dueActorsPageMax: 2 })
    await without.submit('nap', 'z', { type: 'GO' }, { id: '1', at: 9000 })
    await without.finish()
    assert.equal((await without.runtime.actor(other, 'z').getSnapshot())?.value, 'awake')
    assert.ok(warnings.length > 0, 'that it is not here is said')
    await without.stop()
    const again = nap('1')
    const after = await begin(again)
    await after.finish()
    assert.equal((await after.runtime.actor(again, 'a').getSnapshot())?.value, 'awake')
    await after.stop()
  })

  test('whoever waits is told when the runtime ends', async () => {
    const runtime = await begin(pulse)
    await runtime.submit('pulse', 'p', { type: 'GO' }, { id: '1', at: 1000 })
    const finished = runtime.finish()
    const told = assert.rejects(finished, { code: 'Unavailable' })
    await runtime.stop()
    await told
    await assert.rejects(runtime.submit('pulse', 'p', { type: 'GO' }, { id: '2', at: 2000 }), {
      code: 'Unavailable',
    })
    await assert.rejects(runtime.whenSettled('pulse', 'p'), { code: 'Unavailable' })
    await assert.rejects(runtime.finish(), { code: 'Unavailable' })
  })

  test('timers that find no room in the inbox fire a little later', async () => {
    const actor = nap('1')
    const runtime = await begin(actor, { inboxCommandsMax: 2, journalFullRetryMs: 1 })
    const keys = Array.from({ length: 12 }, (_, n) => `k${n}`)
    for (const key of keys) await runtime.submit('nap', key, { type: 'GO' }, { id: '1', at: 1000 })
    await runtime.finish()
    for (const key of keys)
      assert.equal((await runtime.runtime.actor(actor, key).getSnapshot())?.value, 'awake')
    await runtime.stop()
  })

  for (const [what, policy, message] of [
    ['silence', { heartbeatMs: 30 }, /no heartbeat in time/],
    ['slowness', { attemptMs: 30 }, /no result in time/],
  ] as const)
    test(`${what} of what is worked on elsewhere fails it in real time, also after a restart`, async () => {
      const tokens: string[] = []
      const actor = elsewhereActor(tokens, policy)
      const first = await begin(actor)
      await first.submit('errand', 'e', { type: 'GO' }, { id: '1', at: 1000 })
      await until(() => tokens[0])
      await first.stop()
      const runtime = await begin(actor)
      // Whatever comes after waits for it.
      await runtime.submit('errand', 'e', { type: 'GO' }, { id: '2', at: 2000 })
      const { context } = (await runtime.runtime.actor(actor, 'e').getSnapshot())!
      assert.match(context.failed, message)
      assert.equal(tokens.length, 2)
      await runtime.stop()
    })

  test("what follows a child's end follows it in time too", async () => {
    const child = setup({}).createMachine({
      id: 'child',
      initial: 'busy',
      states: { busy: { after: { 1000: 'over' } }, over: { type: 'final' } },
    })
    const parent = defineActor({
      version: '1',
      create: () => undefined,
      machine: setup({
        types: {
          context: {} as { seen: readonly string[] },
          events: {} as { type: 'GO' } | { type: 'NOTE' },
        },
        actors: { child },
        actions: {
          see: assign({
            seen: ({ context }, what: string) => [...context.seen, `${what}@${Date.now()}`],
          }),
        },
      }).createMachine({
        id: 'parent',
        context: { seen: [] },
        initial: 'idle',
        on: { NOTE: { actions: { type: 'see', params: 'note' } } },
        states: {
          idle: { on: { GO: 'waiting' } },
          waiting: { invoke: { src: 'child', onDone: 'told' } },
          told: { entry: { type: 'see', params: 'told' }, after: { 500: 'over' } },
          over: { entry: { type: 'see', params: 'over' } },
        },
      }),
    })
    const runtime = await begin(parent)
    const sent = [
      runtime.submit('parent', 'p', { type: 'GO' }, { id: '1', at: 10_000 }),
      runtime.submit('parent', 'p', { type: 'NOTE' }, { id: '2', at: 11_200 }),
    ]
    await Promise.all(sent)
    await runtime.finish()
    const seen = (await runtime.runtime.actor(parent, 'p').getSnapshot())?.context.seen
    assert.deepEqual(seen, ['told@11000', 'note@11200', 'over@11500'])
    await runtime.stop()
  })
})
