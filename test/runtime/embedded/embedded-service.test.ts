import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineActor } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { engineWorld } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
const ENTRIES = 200
const READERS = 20

test('many who read a long history leave room for commands between their shares', async () => {
  await using rt = await engineWorld([counter], { snapshotEvery: 10_000 })
  const long = rt.actor(counter, 'long')
  await Promise.all(Array.from({ length: ENTRIES }, () => long.send({ type: 'ADD', n: 1 })))
  const { service } = rt.engine
  const last = (await long.getSnapshot())!.seq

  let folded = 0
  const readers = Array.from({ length: READERS }, async () => {
    for await (const { seq } of service.states('counter/long', 0)) {
      folded++
      if (seq === last) return
    }
    assert.fail('it ended before the last state')
  })
  // As many rounds of the event loop as a command takes, and more.
  const rounds = 10
  for (let round = 0; round < rounds; round++) await new Promise(resolve => setImmediate(resolve))
  const { readShareEntriesMax } = service.limits
  // The first share of each is read when it begins.
  assert.ok(folded <= (READERS + rounds + 1) * readShareEntriesMax, `${folded} entries in ${rounds} rounds`)
  assert.ok(folded < READERS * last)
  await Promise.all(readers)
  assert.equal(folded, READERS * last)
  assert.equal((await service.see('counter/long', 150))?.seq, 150)
})
