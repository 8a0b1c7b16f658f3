import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createRuntime, defineActor, type RuntimeOptions } from '../../runtime/index.js'
import { fickleDice } from '../support/troubled-machines.js'
import { until } from '../support/until.js'

let outside = 0
const dice = defineActor({
  machine: fickleDice(() => ++outside),
  version: '1',
  create: () => undefined,
  snapshotEvery: 10,
})

async function running(t: TestContext, verify: RuntimeOptions['verify']) {
  const path = mkdtempSync(join(tmpdir(), 'perdure-sampler-'))
  const said: { actor?: string; seq?: number }[] = []
  const runtime = await createRuntime({
    actors: [dice],
    path,
    control: false,
    metrics: true,
    limits: { digestEvery: 1, verifyEveryMs: 5, verifyPercentMax: 100 },
    logger: { warn() {}, error: facts => void said.push(facts) },
    ...(verify === undefined ? {} : { verify }),
  })
  t.after(async () => {
    await runtime.stop()
    rmSync(path, { recursive: true, force: true })
  })
  const counted = async (name: string) =>
    Number(new RegExp(`^${name}(?:{.*})? (\\d+)$`, 'm').exec(await runtime.metrics())?.[1] ?? 0)
  return { runtime, said, counted }
}

test('who differs is named with its entry, once, and counted; who does not is not', async t => {
  const { runtime, said, counted } = await running(t, undefined)
  const [honest, fickle] = [runtime.actor(dice, 'honest'), runtime.actor(dice, 'fickle')]
  for (let n = 0; n < 30; n++) await honest.send({ type: 'PASS' })
  await until(async () => (await counted('perdure_verified_entries_total')) > 0 || undefined)
  assert.deepEqual(said, [])
  for (let n = 0; n < 3; n++) await fickle.send({ type: 'ROLL' })
  await until(async () => (await counted('perdure_verify_differences_total')) > 0 || undefined)
  const before = await counted('perdure_verified_entries_total')
  await fickle.send({ type: 'ROLL' })
  await until(async () => (await counted('perdure_verified_entries_total')) > before || undefined)
  assert.deepEqual(
    said.map(({ actor, seq }) => [actor, seq]),
    [['dice/fickle', 2]],
  )
})

test('told to, it lets that actor rest and no other', async t => {
  const { runtime, said } = await running(t, { quarantine: true })
  const [honest, fickle] = [runtime.actor(dice, 'honest'), runtime.actor(dice, 'fickle')]
  await honest.send({ type: 'PASS' })
  await fickle.send({ type: 'ROLL' })
  await until(async () =>
    fickle.ask({ type: 'PASS' }).then(
      () => undefined,
      (error: { details?: { quarantined?: string } }) =>
        error.details?.quarantined === 'a sample of dice/fickle differs at entry 2' || undefined,
    ),
  )
  await honest.send({ type: 'PASS' })
  assert.equal(said.length, 1)
})

test('off, nothing is made again', async t => {
  const { runtime, said, counted } = await running(t, false)
  const fickle = runtime.actor(dice, 'fickle')
  for (let n = 0; n < 20; n++) await fickle.send({ type: 'ROLL' })
  await new Promise(resolve => setTimeout(resolve, 50))
  assert.deepEqual([said, await counted('perdure_verified_entries_total')], [[], 0])
})
