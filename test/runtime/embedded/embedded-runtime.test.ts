/** What a start looks at: versions, their structure, their code. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { assign, setup } from 'xstate'
import { type AnyDefinition, defineActor } from '../../../runtime/index.js'
import { createRuntime } from '../../support/runtime-here.js'

suite('versions', () => {
  let path: string
  const warnings: string[] = []
  const logger = { warn: (_: object, message: string) => warnings.push(message), error: () => {} }
  const run = (...actors: AnyDefinition[]) => createRuntime({ actors, path, logger })

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'perdure-versions-'))
    warnings.length = 0
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))

  const base = setup({ types: { context: {} as { n: number }, events: {} as { type: 'GO' } } })
  const plusOne = base.createMachine({
    id: 'counter',
    context: { n: 0 },
    on: { GO: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
  })
  const plusTen = base.createMachine({
    id: 'counter',
    context: { n: 0 },
    on: { GO: { actions: assign({ n: ({ context }) => context.n + 10 }) } },
  })
  const withStates = base.createMachine({
    id: 'counter',
    context: { n: 0 },
    initial: 'on',
    states: { on: { on: { GO: { actions: assign({ n: ({ context }) => context.n + 100 }) } } } },
  })
  const of = (machine: typeof plusOne, version: string, previous: AnyDefinition[] = []) =>
    defineActor({ machine, version, previous, create: () => undefined })

  test('another structure under the same version is refused, with what to do', async () => {
    await (await run(of(plusOne, '1'))).stop()
    await assert.rejects(run(of(withStates as unknown as typeof plusOne, '1')), {
      code: 'InvalidDefinition',
      message:
        /counter@1 has another structure.*expected fingerprint \w+, found \w+.*new version.*'previous'/,
    })
    // Refused is refused whole: the directory is free, and what was there goes on.
    const runtime = await run(of(plusOne, '1'))
    await runtime.stop()
    assert.deepEqual(warnings, [])
  })

  test('in production a definition without a version is refused', async t => {
    const before = process.env.NODE_ENV
    t.after(() => {
      if (before === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = before
    })
    const nameless = defineActor({ machine: plusOne, create: () => undefined })
    await (await run(nameless)).stop()
    process.env.NODE_ENV = 'production'
    await assert.rejects(run(nameless), {
      code: 'InvalidDefinition',
      message: /counter has no version.*'version'/,
    })
    await (await run(of(plusOne, '1'))).stop()
  })

  test('other code under the same structure is let through, and said', async () => {
    await (await run(of(plusOne, '1'))).stop()
    const changed = of(plusTen, '1')
    const runtime = await run(changed)
    assert.equal((await runtime.actor(changed, 'a').ask({ type: 'GO' })).snapshot.context.n, 10)
    await runtime.stop()
    assert.equal(warnings.length, 1)
    assert.match(warnings[0]!, /functions of this version are not those/)
  })

  test('actors in flight finish on the version they began on, new ones begin on the new', async () => {
    const first = of(plusOne, '1')
    const before = await run(first)
    await before.actor(first, 'old').send({ type: 'GO' })
    await before.stop()

    const second = of(plusTen, '2', [first])
    const after = await run(second)
    const old = await after.actor(second, 'old').ask({ type: 'GO' })
    const young = await after.actor(second, 'young').ask({ type: 'GO' })
    assert.deepEqual([old.snapshot.version, old.snapshot.context.n], ['1', 2])
    assert.deepEqual([young.snapshot.version, young.snapshot.context.n], ['2', 10])
    await after.stop()

    const forgetful = of(plusTen, '2')
    const without = await run(forgetful)
    await assert.rejects(without.actor(forgetful, 'old').ask({ type: 'GO' }), {
      code: 'Unavailable',
      retryable: false,
      message: /counter\/old.*counter@1.*'previous'/,
    })
    await without.stop()
  })
})
