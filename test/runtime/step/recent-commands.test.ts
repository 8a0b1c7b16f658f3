import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { IdConflictError, StepFailedError } from '../../../actors/errors.js'
import { defineActor } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { deadLetters, engineWorld, historyOf } from '../../support/engine-world.js'

const counter = defineActor({
  machine: counterMachine,
  version: '1',
  snapshotEvery: 7,
  create: () => ({ from: 0 }),
})

suite('the same id twice', () => {
  test('is applied once, and answered as the first time, whatever came since and whatever crashed', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const first = await c.ask({ type: 'ADD', n: 5 }, { id: 'five' })
    assert.equal(first.duplicate, false)
    for (let n = 0; n < 20; n++) await c.send({ type: 'ADD', n: 1 })
    for (const crash of [false, true]) {
      if (crash) await rt.crash()
      const again = await c.ask({ type: 'ADD', n: 5 }, { id: 'five' })
      assert.equal(again.duplicate, true)
      assert.deepEqual({ ...again, duplicate: false, snapshot: 0 }, { ...first, snapshot: 0 })
      assert.equal(JSON.stringify(again.snapshot), JSON.stringify(first.snapshot))
      assert.equal((await c.send({ type: 'ADD', n: 5 }, { id: 'five' })).duplicate, true)
    }
    assert.equal((await c.getSnapshot())?.context.n, 25)
    assert.equal((await historyOf(c)).length, 22)
  })

  test('at the same moment, too', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => c.ask({ type: 'ADD', n: 1 }, { id: 'one' })),
    )
    assert.deepEqual(
      answers.map(one => one.snapshot.context.n),
      answers.map(() => 1),
    )
    assert.equal(answers.filter(one => !one.duplicate).length, 1)
  })

  test('says again that it was not handled', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 })
    const nonsense = { type: 'NONSENSE' } as never
    for (const duplicate of [false, true]) {
      const answer = await c.ask(nonsense, { id: 'n' })
      assert.deepEqual([answer.handled, answer.duplicate], [false, duplicate])
    }
  })

  test('fails again as it failed, without running again', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 })
    const messages = new Set<string>()
    for (const crash of [false, false, true]) {
      if (crash) await rt.crash()
      await assert.rejects(c.ask({ type: 'BREAK', why: 'no' }, { id: 'b' }), error => {
        assert.ok(error instanceof StepFailedError)
        messages.add(error.message)
        return true
      })
    }
    assert.deepEqual([...messages], ['counter/c failed on entry 2: no'])
    assert.equal((await historyOf(c)).length, 2)
    assert.equal(deadLetters(rt).length, 1)
  })

  test('for another payload is a conflict, and changes nothing', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.start({ from: 0 }, { id: 'birth' })
    await c.send({ type: 'ADD', n: 1 }, { id: 'x' })
    const conflicts = [
      c.send({ type: 'ADD', n: 2 }, { id: 'x' }),
      c.ask({ type: 'NOTE', text: '1' }, { id: 'x' }),
      c.send({ type: 'ADD', n: 1 }, { id: 'x', delayMs: 1 }),
      c.send({ type: 'ADD', n: 1 }, { id: 'birth' }),
      c.start({ from: 1 }, { id: 'birth' }),
    ]
    for (const conflict of conflicts)
      await assert.rejects(conflict, error => {
        assert.ok(error instanceof IdConflictError)
        assert.equal(error.code, 'IdConflict')
        assert.match(error.message, /counter\/c: command id '(x|birth)' was used before with another payload/)
        return true
      })
    assert.equal((await historyOf(c)).length, 2)
    assert.equal((await c.send({ type: 'ADD', n: 1 }, { id: 'x' })).duplicate, true)
  })

  test('of another actor is another command', async () => {
    await using rt = await engineWorld([counter])
    await rt.actor(counter, 'a').send({ type: 'ADD', n: 1 }, { id: 'x' })
    const { duplicate } = await rt.actor(counter, 'b').send({ type: 'ADD', n: 2 }, { id: 'x' })
    assert.equal(duplicate, false)
  })

  test('key order and decoded forms do not make another payload', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 }, { id: 'x' })
    assert.equal((await c.send({ n: 1, type: 'ADD' }, { id: 'x' })).duplicate, true)
  })
})

suite('the window of ids', () => {
  for (const max of [1, 2, 5])
    test(`remembers the last ${max} and no more`, async () => {
      await using rt = await engineWorld([counter], { recentCommandsMax: max })
      const c = rt.actor(counter, 'c')
      for (let n = 0; n < 10; n++) await c.send({ type: 'ADD', n: 1 }, { id: `id-${n}` })
      const record = rt.engine.shard.journal.read('counter/c')?.record
      assert.deepEqual(
        record?.recent.map(one => one.commandId),
        Array.from({ length: max }, (_, index) => `id-${10 - max + index}`),
      )
      assert.equal((await c.send({ type: 'ADD', n: 1 }, { id: 'id-9' })).duplicate, true)
      assert.equal((await c.send({ type: 'ADD', n: 1 }, { id: 'id-0' })).duplicate, false)
    })

  test('forgets by age', async () => {
    await using rt = await engineWorld([counter], { recentCommandAgeMsMax: 1_000 })
    const c = rt.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 }, { id: 'old' })
    await rt.advance(1_001)
    await c.send({ type: 'ADD', n: 1 }, { id: 'new' })
    assert.equal((await c.send({ type: 'ADD', n: 1 }, { id: 'old' })).duplicate, false)
  })
})
