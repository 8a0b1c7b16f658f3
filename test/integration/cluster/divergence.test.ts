/** A machine that is not deterministic: failover goes on from what was committed, and `verify` names who differs. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { VerifyReport } from '../../../runtime/verify.js'
import { eventually } from '../../support/nats/nats-world.js'
import { counter, dice } from '../../support/troubled-actors.js'
import { TroubledMembers } from '../../support/troubled-members.js'

const CLI = fileURLToPath(new URL('../../../runtime/cli/main.js', import.meta.url))
const ACTORS = fileURLToPath(new URL('../../support/troubled-actors.js', import.meta.url))

function verify(
  journal: string,
  salt: string,
  ...more: string[]
): Promise<{ code: number; report: VerifyReport }> {
  const env = { ...process.env, TROUBLE_SALT: salt }
  return new Promise(resolve =>
    execFile(
      process.execPath,
      [CLI, 'verify', journal, '--actors', ACTORS, '--json', ...more],
      { env },
      (error, out) => resolve({ code: Number(error?.code ?? 0), report: JSON.parse(out) as VerifyReport }),
    ),
  )
}

test('what a machine read from outside is kept over a failover, and verify names actor and entry', {
  timeout: 60_000,
}, async t => {
  // So that the very entry is named; with fewer digests it is the next that has one.
  const limits = { digestEvery: 1 }
  const members = await TroubledMembers.on(t, { name: 'dice', shards: 1, limits })
  await members.start('m0', { TROUBLE_SALT: '10' })
  const client = await members.client({ remoteAwayMsMax: 30_000 })
  const fickle = client.actor(dice, 'fickle')
  for (let n = 0; n < 3; n++) await fickle.ask({ type: 'ROLL' })
  const honest = client.actor(dice, 'honest')
  for (let n = 0; n < 3; n++) await honest.ask({ type: 'PASS' })
  await client.actor(counter, 'c').ask({ type: 'ADD' })

  await members.start('m1', { TROUBLE_SALT: '1000' })
  const { api } = await members.reach()
  await members.end('m0', 'SIGKILL')
  const before = await eventually(() => fickle.getSnapshot())
  assert.equal(before?.context.sum, 30, 'as it was committed, whatever the next owner reads from outside')
  const after = await fickle.ask({ type: 'ROLL' })
  assert.equal(after.snapshot.context.sum, 1030)
  const entries = await eventually(() => api.history({ address: 'dice/fickle' }))
  assert.equal(entries.length, 5)
  await members.stop()

  const journal = members.journal('m1', 0)
  const asFirst = await verify(journal, '10')
  assert.equal(asFirst.report.actors, 3)
  assert.deepEqual(
    asFirst.report.differences.map(({ actor, seq }) => [actor, seq]),
    [['dice/fickle', 5]],
    'the entry that another process made',
  )
  const asSecond = await verify(journal, '1000')
  assert.equal(asSecond.code, 1)
  assert.deepEqual(
    asSecond.report.differences.map(({ actor, seq }) => [actor, seq]),
    [['dice/fickle', 2]],
    'the first roll',
  )
})

test('verify has exactly that actor quarantined; others go on, and so it stays over a failover until its release', {
  timeout: 90_000,
}, async t => {
  const limits = { digestEvery: 1 }
  const members = await TroubledMembers.on(t, { name: 'rest', shards: 1, limits })
  await members.start('m0', { TROUBLE_SALT: '10' })
  const client = await members.client({ remoteAwayMsMax: 30_000 })
  const [fickle, honest] = [client.actor(dice, 'fickle'), client.actor(dice, 'honest')]
  for (let n = 0; n < 3; n++) await fickle.ask({ type: 'ROLL' })
  for (let n = 0; n < 3; n++) await honest.ask({ type: 'PASS' })

  const into = ['--quarantine', '--nats', members.server.url, '--cluster-name', 'rest']
  const { code, report } = await verify(members.journal('m0', 0), '1000', ...into)
  assert.equal(code, 1)
  assert.deepEqual(
    report.differences.map(({ actor, seq }) => [actor, seq]),
    [['dice/fickle', 2]],
  )
  const { api } = await members.reach()
  const resting = async () => (await eventually(() => api.list({ quarantined: true }))).map(({ id }) => id)
  assert.deepEqual(await resting(), ['dice/fickle'])
  const refused = { code: 'Unavailable', details: { quarantined: 'verify: dice/fickle differs at entry 2' } }
  await assert.rejects(fickle.ask({ type: 'PASS' }), refused)
  assert.equal((await honest.ask({ type: 'PASS' })).snapshot.context.sum, 4)

  // Its code is mended: what differed does so no more.
  await members.start('m1', { TROUBLE_SALT: '1' })
  await members.end('m0', 'SIGKILL')
  assert.deepEqual(await resting(), ['dice/fickle'])
  await assert.rejects(fickle.ask({ type: 'PASS' }), refused)
  assert.equal((await honest.ask({ type: 'PASS' })).snapshot.context.sum, 5)
  await eventually(() => api.release({ address: 'dice/fickle' }))
  assert.equal((await fickle.ask({ type: 'PASS' })).snapshot.context.sum, 31)
  assert.deepEqual(await resting(), [])
})
