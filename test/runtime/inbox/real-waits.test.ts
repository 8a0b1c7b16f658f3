/** Waits for what is worked on elsewhere, as lengths of real time: the actor's own stands still. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Command } from '../../../actors/command.js'
import { RealWaits } from '../../../runtime/inbox/real-waits.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { VirtualClock } from '../../../runtime/testing/virtual-clock.js'
import { workerOf } from '../../support/engine-worker.js'
import { engineWorld } from '../../support/engine-world.js'

/** An actor whose attempt was handed on, and a clock by which it is waited for. */
async function waiting(t: TestContext) {
  const worker = workerOf(async ({ elsewhere }) => elsewhere(), { heartbeatMs: 1_000, attemptMs: 5_000 })
  const rt = await engineWorld([worker])
  t.after(() => rt.stop())
  const actor = rt.actor(worker, 'w')
  await actor.start({})
  await rt.advance(0)
  const life = () => rt.engine.shard.host.read('worker/w')!
  const clock = new VirtualClock(0, new SystemClock())
  const said: string[] = []
  const waits = new RealWaits(clock, (command: Command) => {
    const failure = command.kind === 'result' && command.outcome.status === 'error' && command.outcome.error
    said.push(`${clock.now()}: ${failure ? failure.message : command.kind}`)
  })
  const pass = (ms: number) => {
    const until = clock.now() + ms
    while (clock.ring(until));
    clock.moveTo(until)
  }
  return { actor, life, waits, said, pass }
}

test('silence since its last word, and its whole time, fail it', async t => {
  const { life, waits, said, pass } = await waiting(t)
  waits.note(life())
  for (let n = 0; n < 7; n++) {
    pass(900)
    waits.note(life())
  }
  assert.deepEqual(said, ['5000: work: no result in time, from elsewhere'])
  pass(900)
  assert.equal(said.length, 1)
  pass(200)
  assert.equal(said[1], '7300: work: no heartbeat in time, from elsewhere')
})

test('nothing is waited for once the attempt is over, or nobody is there any more', async t => {
  const { actor, life, waits, said, pass } = await waiting(t)
  waits.note(life())
  await actor.send({ type: 'LEAVE' })
  waits.note(life())
  pass(10_000)
  assert.deepEqual(said, [])
  await actor.send({ type: 'AGAIN' })
  waits.note(life())
  waits.stop()
  pass(10_000)
  assert.deepEqual(said, [])
})
