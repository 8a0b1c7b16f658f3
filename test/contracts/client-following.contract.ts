/**
 * What a client does, wherever the runtime is: waits, and what it follows.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { TimeoutError } from '../../actors/errors.js'
import type { DurableSnapshot } from '../../runtime/index.js'
import type { counterMachine } from '../support/engine-counter.js'
import { workerOf } from '../support/engine-worker.js'
import { add, counter } from './client.contract.js'
import type { WorldMaker } from './client-worlds.js'

export function clientFollowingContract(name: string, world: WorldMaker): void {
  suite(`${name}: an ask until`, () => asksContract(world))
  suite(`${name}: a wait`, () => waitsContract(world))
  suite(`${name}: changes`, () => changesContract(world))
  suite(`${name}: a listener`, () => listenersContract(world))
}

function asksContract(world: WorldMaker): void {
  test('waits for the first state that fits, at or after its own', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const asked = c.ask(add(1), { until: s => s.context.n >= 5 })
    for (let n = 0; n < 6; n++) await c.send(add(1))
    const { snapshot, handled } = await asked
    assert.deepEqual([snapshot.context.n, handled], [5, true])
    assert.equal((await c.ask(add(1), { until: s => s.context.n >= 5 })).snapshot.context.n, 8)
  })

  test('again with its id is judged over the history since, and never over what was before', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    await c.send(add(100))
    assert.equal((await c.ask(add(-98), { id: 'x' })).snapshot.context.n, 2)
    for (let n = 0; n < 10; n++) await c.send(add(1))
    await c.send(add(-10))
    await w.crash()
    const { snapshot, duplicate } = await c.ask(add(-98), { id: 'x', until: s => s.context.n >= 7 })
    assert.deepEqual([snapshot.context.n, snapshot.seq, duplicate], [7, 8, true])
  })

  test('that takes too long says which id to ask again with, and that works', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    let id = ''
    await assert.rejects(c.ask(add(1), { until: s => s.context.n >= 2, timeoutMs: 300 }), error => {
      assert.ok(error instanceof TimeoutError)
      assert.deepEqual([error.code, error.retryable, error.actorId], ['Timeout', true, 'counter/c'])
      assert.match(error.message, /300 ms/)
      id = (error.details as { commandId: string }).commandId
      assert.ok(error.message.includes(`'${id}'`))
      return true
    })
    await c.send(add(1))
    const again = await c.ask(add(1), { id, until: s => s.context.n >= 2 })
    assert.deepEqual([again.duplicate, again.snapshot.context.n], [true, 2])
  })

  test('ends by its signal, with the signal’s reason', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const reason = new Error('no more')
    await assert.rejects(c.ask(add(1), { signal: AbortSignal.abort(reason) }), reason)
    const controller = new AbortController()
    const asked = assert.rejects(c.ask(add(1), { until: () => false, signal: controller.signal }), reason)
    await c.waitFor(s => s.context.n === 1)
    controller.abort(reason)
    await asked
  })

  test('waits on over a crash', async () => {
    const gates: (() => void)[] = []
    const slow = workerOf(() => new Promise(resolve => gates.push(() => resolve('done'))))
    await using w = await world([slow], { stopMsMax: 10 })
    const worker = w.client.actor(slow, 'w')
    const asked = worker.ask({ type: 'POKE' }, { start: {}, until: s => s.matches('done') })
    await worker.waitFor(s => s.seq === 2)
    await w.crash()
    while (gates.length < 2) await new Promise(setImmediate)
    gates.at(-1)?.()
    assert.equal((await asked).snapshot.context.result, 'done')
  })

  test('whose condition throws ends with that', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const mistake = new TypeError('in the condition')
    const until = () => {
      throw mistake
    }
    await assert.rejects(c.ask(add(1), { until }), mistake)
    await assert.rejects(c.waitFor(until), mistake)
  })
}

function waitsContract(world: WorldMaker): void {
  test('finds a state that is there already, and one that comes, born or not', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const coming = c.waitFor(s => s.context.n === 2)
    await c.send(add(1))
    await c.send(add(1))
    await c.send(add(1))
    assert.equal((await coming).seq, 3)
    assert.equal((await c.waitFor(s => s.context.n === 3)).seq, 4)
  })

  test('skips no state, however many come', async () => {
    await using w = await world([counter], { batchCommandsMax: 16 })
    const c = w.client.actor(counter, 'c')
    await c.start({ from: 0 })
    const seen: number[] = []
    const waiting = c.waitFor(s => {
      seen.push(s.seq)
      return s.context.n === 300
    })
    await Promise.all(Array.from({ length: 300 }, () => c.send(add(1))))
    await waiting
    const first = seen[0]!
    assert.deepEqual(seen, upTo(first, 301))
  })

  test('times out', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const expected = { code: 'Timeout', retryable: true, message: /counter\/c/ }
    await assert.rejects(
      c.waitFor(() => false, { timeoutMs: 10 }),
      expected,
    )
    await assert.rejects(c.output({ timeoutMs: 10 }), expected)
  })

  test('for an output has it once it is done', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const coming = c.output()
    await c.send(add(3))
    await c.send({ type: 'STOP' })
    assert.deepEqual([await coming, await c.output()], [3, 3])
  })
}

type Changes = AsyncIterable<DurableSnapshot<typeof counterMachine>>

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n)

async function seqs(changes: Changes, until: number, between = async () => {}): Promise<number[]> {
  const seen: number[] = []
  for await (const { seq } of changes) {
    seen.push(seq)
    await between()
    if (seq >= until) break
  }
  return seen
}

function changesContract(world: WorldMaker): void {
  test('come from the beginning, past and present, none missing under load, to readers fast and slow', async () => {
    await using w = await world([counter], { batchCommandsMax: 8, readAheadEntriesMax: 16 })
    const c = w.client.actor(counter, 'c')
    for (let n = 0; n < 20; n++) await c.send(add(1))
    const slow = () => new Promise<void>(setImmediate)
    const readers = [
      seqs(c.changes({ afterSeq: 0 }), 221),
      seqs(c.changes({ afterSeq: 0 }), 221, slow),
      seqs(c.changes({ afterSeq: 15 }), 221, slow),
    ]
    await Promise.all(Array.from({ length: 200 }, () => c.send(add(1))))
    assert.deepEqual(await Promise.all(readers), [upTo(1, 221), upTo(1, 221), upTo(16, 221)])
  })

  test('from now on means from the call, whenever the first is asked for', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    await c.send(add(1))
    const changes = c.changes()
    await c.send(add(1))
    await c.send(add(1))
    assert.deepEqual(await seqs(changes, 4), [3, 4])
  })

  test('of one not born yet begin with its birth', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const reading = seqs(c.changes(), 2)
    await c.send(add(1))
    assert.deepEqual(await reading, [1, 2])
  })

  test('go on over crashes, none missed, none doubled', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const reading = seqs(c.changes({ afterSeq: 0 }), 13)
    for (let round = 0; round < 3; round++) {
      await w.crash()
      for (let n = 0; n < 4; n++) await c.send(add(1))
    }
    assert.deepEqual(await reading, upTo(1, 13))
  })

  test('carry each state as it was', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    for (let n = 1; n <= 4; n++) await c.send(add(n))
    const sums: number[] = []
    for await (const { context, seq } of c.changes({ afterSeq: 1 })) {
      sums.push(context.n)
      if (seq === 5) break
    }
    assert.deepEqual(sums, [1, 3, 6, 10])
  })

  test('end by the signal, while they wait, while they are read, and before they begin', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    await c.send(add(1))
    const controller = new AbortController()
    const { signal } = controller
    const seen: number[] = []
    const waiting = seqs(c.changes({ afterSeq: 0, signal }), 99, async () => {
      seen.push(1)
      if (seen.length === 2) setImmediate(() => controller.abort())
    })
    assert.deepEqual(await waiting, [1, 2])
    assert.deepEqual(await seqs(c.changes({ afterSeq: 0, signal }), 99), [])
    const second = new AbortController()
    const reading = seqs(c.changes({ afterSeq: 0, signal: second.signal }), 99, async () => second.abort())
    assert.deepEqual(await reading, [1])
  })
}

function listenersContract(world: WorldMaker): void {
  test('hears of states as they come, until it does not want to', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const seen: number[] = []
    const subscription = c.subscribe(({ seq }) => void seen.push(seq))
    const other: number[] = []
    await c.send(add(1))
    const late = c.subscribe(({ seq }) => void other.push(seq))
    await c.send(add(1))
    while (seen.length < 3 || other.length < 1) await new Promise(setImmediate)
    subscription.unsubscribe()
    await c.send(add(1))
    while (other.length < 2) await new Promise(setImmediate)
    late.unsubscribe()
    assert.deepEqual(
      [seen, other],
      [
        [1, 2, 3],
        [3, 4],
      ],
    )
  })

  test('hears of each state once, over crashes', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    const seen: number[] = []
    const subscription = c.subscribe(({ seq }) => void seen.push(seq))
    for (let round = 0; round < 3; round++) {
      await c.send(add(1))
      await w.crash()
      await c.send(add(1))
    }
    while ((seen.at(-1) ?? 0) < 7) await new Promise(setImmediate)
    subscription.unsubscribe()
    assert.deepEqual(seen, upTo(1, 7))
  })

  test('hears of events it emits, over a crash, until it does not want to', async () => {
    await using w = await world([counter])
    const c = w.client.actor(counter, 'c')
    await c.send(add(1))
    const heard: number[] = []
    const subscription = c.on('ADDED', event => void heard.push(event.n))
    await c.send(add(2))
    while (heard.length < 1) await new Promise(setImmediate)
    await w.crash()
    // What is emitted before the listener is back is not heard by one elsewhere.
    while (heard.length < 2) await c.send(add(3))
    subscription.unsubscribe()
    await c.send(add(4))
    assert.deepEqual([heard[0], new Set(heard.slice(1))], [2, new Set([3])])
  })
}
