import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enqueueActions, setup } from 'xstate'
import { OverloadedError, StepFailedError } from '../../../actors/errors.js'
import { defineActor, ref } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { assertRefolds, deadLetters, engineWorld } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })

test('a full inbox says so at the door; what was taken is applied, and there is room again', async () => {
  await using rt = await engineWorld([counter], { inboxCommandsMax: 10 })
  const c = rt.actor(counter, 'c')
  const sent = await Promise.allSettled(Array.from({ length: 25 }, () => c.send({ type: 'ADD', n: 1 })))
  const refusals = sent.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : []))
  assert.equal(refusals.length, 15)
  for (const error of refusals) {
    assert.ok(error instanceof OverloadedError)
    assert.deepEqual([error.code, error.retryable, error.actorId], ['Overloaded', true, 'counter/c'])
    assert.match(error.message, /the inbox is full: 10/)
  }
  assert.equal((await c.ask({ type: 'ADD', n: 1 })).snapshot.context.n, 11)
})

const shouter = setup({ types: { events: {} as { type: 'SHOUT'; times: number } } }).createMachine({
  id: 'shouter',
  on: {
    SHOUT: {
      actions: enqueueActions(({ enqueue, event }) => {
        for (let n = 0; n < event.times; n++)
          enqueue.sendTo(ref<{ type: 'ADD'; n: number }>('counter', `c-${n}`), { type: 'ADD', n: 1 })
      }),
    },
  },
})

test('a step that sends more than may wait fails whole, and the actor lives', async () => {
  const definition = defineActor({ machine: shouter, version: '1', create: () => undefined })
  await using rt = await engineWorld([definition, counter], { pendingCommandsMax: 10 })
  const s = rt.actor(definition, 's')
  await assert.rejects(s.send({ type: 'SHOUT', times: 11 }), error => {
    assert.ok(error instanceof StepFailedError)
    assert.match(
      error.message,
      /shouter\/s failed on entry 2: the queue of commands sent by actors is full: 10/,
    )
    return true
  })
  assert.equal(deadLetters(rt).length, 1)
  assert.equal(await rt.actor(counter, 'c-0').getSnapshot(), undefined)
  await s.send({ type: 'SHOUT', times: 10 })
  await rt.advance(0)
  for (let n = 0; n < 10; n++)
    assert.equal((await rt.actor(counter, `c-${n}`).getSnapshot())?.context.n, 1, `c-${n}`)
  assertRefolds(rt)
})

test('while actors have much to tell each other, those from outside wait: no step fails for want of room', async () => {
  const definition = defineActor({ machine: shouter, version: '1', create: () => undefined })
  await using rt = await engineWorld([definition, counter], { pendingCommandsMax: 100, batchCommandsMax: 8 })
  const s = rt.actor(definition, 's')
  await Promise.all(Array.from({ length: 40 }, () => s.send({ type: 'SHOUT', times: 20 })))
  await rt.advance(0)
  assert.deepEqual(deadLetters(rt), [])
  for (let n = 0; n < 20; n++)
    assert.equal((await rt.actor(counter, `c-${n}`).getSnapshot())?.context.n, 40, `c-${n}`)
})

const heavy = setup({
  types: { events: {} as { type: 'SHOUT'; times: number; bytes: number } },
}).createMachine({
  id: 'heavy',
  on: {
    SHOUT: {
      actions: enqueueActions(({ enqueue, event }) => {
        for (let n = 0; n < event.times; n++)
          enqueue.sendTo(ref<{ type: 'ADD'; n: number; note: string }>('counter', `c-${n}`), {
            type: 'ADD',
            n: 1,
            note: 'x'.repeat(event.bytes),
          })
      }),
    },
  },
})

test('what actors sent is bounded in bytes as well: a step that sends more fails whole, and the actor lives', async () => {
  const definition = defineActor({ machine: heavy, version: '1', create: () => undefined })
  await using rt = await engineWorld([definition, counter], { pendingBytesMax: 10_000 })
  const h = rt.actor(definition, 'h')
  await assert.rejects(h.send({ type: 'SHOUT', times: 4, bytes: 3_000 }), error => {
    assert.ok(error instanceof StepFailedError)
    assert.match(
      error.message,
      /heavy\/h failed on entry 2: the queue of commands sent by actors \(bytes\) is full: 10000/,
    )
    return true
  })
  assert.equal(deadLetters(rt).length, 1)
  await h.send({ type: 'SHOUT', times: 3, bytes: 3_000 })
  await rt.advance(0)
  for (let n = 0; n < 3; n++)
    assert.equal((await rt.actor(counter, `c-${n}`).getSnapshot())?.context.n, 1, `c-${n}`)
  assert.equal(await rt.actor(counter, 'c-3').getSnapshot(), undefined)
  assertRefolds(rt)
})

test('while actors have many bytes for each other, those from outside wait, and are told at the door', async () => {
  const definition = defineActor({ machine: heavy, version: '1', create: () => undefined })
  await using rt = await engineWorld([definition, counter], {
    pendingBytesMax: 40_000,
    batchCommandsMax: 4,
    inboxCommandsMax: 20,
  })
  const h = rt.actor(definition, 'h')
  const sent = await Promise.allSettled(
    Array.from({ length: 30 }, () => h.send({ type: 'SHOUT', times: 5, bytes: 3_000 })),
  )
  const refused = sent.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : []))
  assert.equal(refused.length, 10)
  for (const error of refused) assert.ok(error instanceof OverloadedError)
  await rt.advance(0)
  // Of what was taken nothing failed for want of room, and all that was sent arrived.
  assert.deepEqual(deadLetters(rt), [])
  for (let n = 0; n < 5; n++)
    assert.equal((await rt.actor(counter, `c-${n}`).getSnapshot())?.context.n, 20, `c-${n}`)
})

test('an inbox is bounded in bytes as well, and one command alone always has room', async () => {
  await using rt = await engineWorld([counter], { inboxBytesMax: 1_000 })
  const c = rt.actor(counter, 'c')
  const note = 'x'.repeat(400)
  const sent = await Promise.allSettled(
    Array.from({ length: 5 }, () => c.send({ type: 'ADD', n: 1, note } as never)),
  )
  assert.deepEqual(
    sent.map(one => one.status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'],
  )
  const alone = await c.ask({ type: 'ADD', n: 1, note: 'x'.repeat(5_000) } as never)
  assert.equal(alone.snapshot.context.n, 3)
})
