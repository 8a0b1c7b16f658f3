import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import type { Limits } from '../../../actors/limits.js'
import { type ActivityOptions, activity } from '../../../machines/index.js'
import { defineActor } from '../../../runtime/index.js'
import { workerOf } from '../../support/engine-worker.js'
import { assertRefolds, crashFor, engineWorld } from '../../support/engine-world.js'

/** Hands every attempt on; its tokens, and what each was told of the one before. */
async function world(options: ActivityOptions = {}, limits: Partial<Limits> = {}) {
  const tokens: string[] = []
  const lasts: unknown[] = []
  let aborted = 0
  const worker = workerOf(async ({ token, elsewhere, lastHeartbeat, signal }) => {
    tokens.push(token)
    lasts.push(lastHeartbeat)
    signal.addEventListener('abort', () => aborted++)
    return elsewhere()
  }, options)
  const rt = await engineWorld([worker], limits)
  const w = rt.actor(worker, 'w')
  await w.start({})
  await rt.advance(0)
  return { rt, w, api: rt.engine.api, tokens, lasts, aborted: () => aborted }
}

const VOID = { name: 'AttemptOverError', code: 'NotFound' }

suite('an attempt that is completed elsewhere', () => {
  test('outlives the process, holds no place, and ends by its token, once', async () => {
    for (const once of [false, true]) {
      const { rt, w, api, tokens, aborted } = await world({ attemptMs: 1_000_000, once })
      assert.equal(rt.engine.shard.host.runner.running, 0)
      assert.equal(aborted(), 0)
      await crashFor(rt, 10_000)
      await rt.advance(1_000)
      assert.equal(tokens.length, 1, 'it is not made again')
      const told = await api.complete({ token: tokens[0]!, output: { receipt: 7n } })
      assert.deepEqual((await w.getSnapshot())?.context.result, { receipt: 7n })
      await rt.crash()
      const again = await api.complete({ token: tokens[0]!, output: { receipt: 7n } })
      assert.deepEqual(again, { ...told, duplicate: true }, 'whose answer was lost is told the same')
      await assert.rejects(api.complete({ token: tokens[0]!, output: 'again' }), VOID)
      await assert.rejects(api.beat({ token: tokens[0]! }), VOID)
      assertRefolds(rt)
      await rt.stop()
    }
  })

  test('an error is tried again as the policy says, and the next attempt knows what the last one said', async () => {
    const { rt, w, api, tokens, lasts } = await world({ retry: { attempts: 2, initialMs: 100 } })
    await api.beat({ token: tokens[0]!, details: { done: 40 } })
    await rt.crash()
    const failure = { token: tokens[0]!, error: { message: 'no', code: 'LATER' } }
    await api.complete(failure)
    await rt.advance(1_000)
    assert.equal((await api.complete(failure)).duplicate, true)
    assert.deepEqual(lasts, [undefined, { done: 40 }])
    await assert.rejects(api.complete({ token: tokens[0]!, output: 1 }), VOID)
    await api.complete({ token: tokens[1]!, error: { message: 'never', name: 'Fatal', retry: false } })
    const { error } = (await w.getSnapshot())!.context
    assert.deepEqual([error?.name, error?.message], ['Fatal', 'never'])
    assertRefolds(rt)
    await rt.stop()
  })

  test('is known for as long as other commands are, and void after that', async () => {
    const { rt, w, api, tokens } = await world({}, { recentCommandsMax: 2 })
    const told = { token: tokens[0]!, output: 1 }
    await api.complete(told)
    await w.send({ type: 'POKE' })
    assert.equal((await api.complete(told)).duplicate, true)
    await w.send({ type: 'POKE' })
    await assert.rejects(api.complete(told), VOID)
    await rt.stop()
  })

  test('counts though the machine makes nothing of it, and is told as it was though it failed on it', async () => {
    const tokens: string[] = []
    const actors = {
      work: activity(async ({ token, elsewhere }) => {
        tokens.push(token)
        return elsewhere()
      }),
    }
    const fail = () => {
      throw new Error('not like this')
    }
    const deaf = setup({ actors }).createMachine({ id: 'deaf', invoke: { src: 'work' } })
    const failing = setup({ actors }).createMachine({
      id: 'failing',
      invoke: { src: 'work', onDone: { actions: assign(fail) } },
    })
    const definitions = [deaf, failing].map(machine => defineActor({ machine, version: '1' }))
    const rt = await engineWorld(definitions)
    for (const one of definitions) await rt.actor(one, 'k').start(undefined)
    await rt.advance(0)
    const { api } = rt.engine
    const [first, second] = tokens.map(token => ({ token, output: 1 }))
    assert.equal((await api.complete(first!)).duplicate, false)
    assert.equal((await api.complete(first!)).duplicate, true)
    for (let n = 0; n < 2; n++)
      await assert.rejects(api.complete(second!), { code: 'StepFailed', message: /not like this/ })
    assert.equal((await api.deadLetters({})).length, 1)
    assertRefolds(rt)
    await rt.stop()
  })

  test('silence and slowness fail it, in the actor’s time and over crashes', async () => {
    const { rt, w, api, tokens, lasts } = await world({
      retry: { attempts: 2, initialMs: 1 },
      heartbeatMs: 1_000,
      attemptMs: 5_000,
    })
    for (let n = 0; n < 3; n++) {
      await rt.advance(900)
      await api.beat({ token: tokens[0]!, details: n })
    }
    await rt.crash()
    assert.equal(tokens.length, 1)
    await rt.advance(1_100)
    assert.deepEqual([tokens.length, lasts.at(-1)], [2, 2])
    for (let n = 0; n < 8; n++) {
      await rt.advance(900)
      await api.beat({ token: tokens[1]! }).catch(() => {})
    }
    const seen = (await w.getSnapshot())!
    assert.deepEqual([seen.value, seen.context.error?.code], ['failed', 'Timeout'])
    assert.match(seen.context.error?.message ?? '', /no result in time/)
    assertRefolds(rt)
    await rt.stop()
  })

  test('what is no token, no result, or of nobody is refused', async () => {
    const { rt, api, tokens } = await world()
    const [token = ''] = tokens
    await assert.rejects(api.complete({ token: 'nonsense' }), { code: 'InvalidEvent' })
    await assert.rejects(api.complete({ token, output: 1, error: { message: 'x' } }), {
      code: 'InvalidEvent',
    })
    await assert.rejects(api.complete({ token, error: 'x' as never }), { code: 'InvalidEvent' })
    await assert.rejects(api.complete({ token, output: () => {} }), { code: 'InvalidEvent' })
    await assert.rejects(api.beat({ token, details: () => {} }), { code: 'InvalidEvent' })
    await rt
      .actor(
        workerOf(async () => 1),
        'w',
      )
      .terminate('enough')
    await assert.rejects(api.complete({ token, output: 1 }), VOID)
    await rt.stop()
  })
})
