import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type DurableSnapshot, defineActor } from '../../../runtime/index.js'
import { counterMachine } from '../../support/engine-counter.js'
import { engineWorld } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
type Changes = AsyncIterable<DurableSnapshot<typeof counterMachine>>

async function seqs(changes: Changes, until: number, between = async () => {}): Promise<number[]> {
  const seen: number[] = []
  for await (const { seq } of changes) {
    seen.push(seq)
    await between()
    if (seq >= until) return seen
  }
  return seen
}

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

suite('changes', () => {
  test('from the beginning, past and present, none missing under load, to readers fast and slow', async () => {
    await using rt = await engineWorld([counter], { batchCommandsMax: 8, pageRowsMax: 16 })
    const c = rt.actor(counter, 'c')
    for (let n = 0; n < 50; n++) await c.send({ type: 'ADD', n: 1 })
    const slow = () => new Promise<void>(setImmediate)
    const readers = [
      seqs(c.changes({ afterSeq: 0 }), 301),
      seqs(c.changes({ afterSeq: 0 }), 301, slow),
      seqs(c.changes({ afterSeq: 40 }), 301, slow),
    ]
    await Promise.all(Array.from({ length: 250 }, () => c.send({ type: 'ADD', n: 1 })))
    const [fast, slower, later] = await Promise.all(readers)
    assert.deepEqual(fast, upTo(1, 301))
    assert.deepEqual(slower, upTo(1, 301))
    assert.deepEqual(later, upTo(41, 301))
  })

  test('from now on means from the call, whenever the first is asked for', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 })
    const changes = c.changes()
    await c.send({ type: 'ADD', n: 1 })
    await c.send({ type: 'ADD', n: 1 })
    assert.deepEqual(await seqs(changes, 4), [3, 4])
  })

  test('of one not born yet begin with its birth', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const reading = seqs(c.changes(), 2)
    await c.send({ type: 'ADD', n: 1 })
    assert.deepEqual(await reading, [1, 2])
  })

  test('go on over a crash', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    const reading = seqs(c.changes({ afterSeq: 0 }), 5)
    await c.send({ type: 'ADD', n: 1 })
    await rt.crash()
    for (let n = 0; n < 3; n++) await c.send({ type: 'ADD', n: 1 })
    assert.deepEqual(await reading, [1, 2, 3, 4, 5])
  })

  test('end by the signal, while they wait, while they are read, and before they begin', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    await c.send({ type: 'ADD', n: 1 })
    const controller = new AbortController()
    const { signal } = controller
    const waiting = seqs(c.changes({ afterSeq: 0, signal }), 99)
    await rt.advance(0)
    controller.abort()
    assert.deepEqual(await waiting, [1, 2])
    assert.deepEqual(await seqs(c.changes({ afterSeq: 0, signal }), 99), [])
    const second = new AbortController()
    const reading = seqs(c.changes({ afterSeq: 0, signal: second.signal }), 99, async () => second.abort())
    assert.deepEqual(await reading, [1])
  })

  test('carry each state as it was', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    for (let n = 1; n <= 4; n++) await c.send({ type: 'ADD', n })
    const sums: number[] = []
    for await (const { context, seq } of c.changes({ afterSeq: 1 })) {
      sums.push(context.n)
      if (seq === 5) break
    }
    assert.deepEqual(sums, [1, 3, 6, 10])
  })
})
