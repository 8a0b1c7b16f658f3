/** A runtime that is far away: what is read of it takes its time, while its actors go on. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Address } from '../../../actors/address.js'
import { LocalClient } from '../../../runtime/client/local-client.js'
import type { ActorService } from '../../../runtime/client/service.js'
import { defineActor } from '../../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { counterMachine } from '../../support/engine-counter.js'
import { engineWorld, gate } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })

/** The runtime's own service, its answers to questions held back; what it tells unasked comes at once. */
function farFrom(rt: VirtualTimeRuntime, held: () => Promise<void>): ActorService {
  const { service } = rt.engine
  return {
    clock: service.clock,
    limits: service.limits,
    types: service.types,
    mintId: () => service.mintId(),
    submit: command => service.submit(command),
    follow: (address, listener) => service.follow(address, listener),
    watch(address, listener) {
      const { now, stop } = service.watch(address, listener)
      return { now: held().then(() => now), stop }
    },
    followEvents: (address, listener) => service.followEvents(address, listener),
    onEnd: listener => service.onEnd(listener),
    entries: (address, after) => service.entries(address, after),
    list: query => service.list(query),
    async see(address: Address, atSeq?: number) {
      const seen = await service.see(address, atSeq)
      await held()
      return seen
    },
    async *states(address: Address, after: number) {
      for await (const seen of service.states(address, after)) {
        await held()
        yield seen
      }
      await held()
    },
  }
}

suite('waiting for a state of an actor far away', () => {
  test('an ask gives the first that fits after its command, though later ones are told before it is read', async () => {
    await using rt = await engineWorld([counter])
    const near = rt.actor(counter, 'c')
    await near.send({ type: 'ADD', n: 1 })
    // The command came before, so what followed it is past when it is asked again.
    await near.ask({ type: 'ADD', n: 1 }, { id: 'asked' })
    for (let n = 0; n < 3; n++) await near.send({ type: 'ADD', n: 1 })
    const read = gate()
    const far = new LocalClient(farFrom(rt, () => read.opened)).actor(counter, 'c')
    let judged = 0
    const asked = far.ask(
      { type: 'ADD', n: 1 },
      {
        id: 'asked',
        until: snapshot => {
          judged++
          return snapshot.context.n >= 4
        },
      },
    )
    while (judged < 1) await new Promise(setImmediate)
    for (let n = 0; n < 3; n++) await near.send({ type: 'ADD', n: 1 })
    read.open()
    const { snapshot, duplicate } = await asked
    assert.deepEqual([snapshot.context.n, snapshot.seq, duplicate], [4, 5, true])
  })

  test('what is told while the past is read is not lost when the past does not fit', async () => {
    await using rt = await engineWorld([counter])
    const near = rt.actor(counter, 'c')
    await near.ask({ type: 'ADD', n: 1 }, { id: 'asked' })
    await near.send({ type: 'ADD', n: 1 })
    const read = gate()
    const far = new LocalClient(farFrom(rt, () => read.opened)).actor(counter, 'c')
    let judged = 0
    const until = (snapshot: { context: { n: number } }) => {
      judged++
      return snapshot.context.n === 4
    }
    const asked = far.ask({ type: 'ADD', n: 1 }, { id: 'asked', until })
    while (judged < 1) await new Promise(setImmediate)
    for (let n = 0; n < 5; n++) await near.send({ type: 'ADD', n: 1 })
    read.open()
    assert.equal((await asked).snapshot.context.n, 4)
  })

  test('a wait takes the state at its call before any that came while it was fetched', async () => {
    await using rt = await engineWorld([counter])
    const near = rt.actor(counter, 'c')
    await near.send({ type: 'ADD', n: 1 })
    const read = gate()
    const far = new LocalClient(farFrom(rt, () => read.opened)).actor(counter, 'c')
    const waiting = far.waitFor(snapshot => snapshot.context.n >= 1)
    await near.send({ type: 'ADD', n: 1 })
    read.open()
    assert.equal((await waiting).context.n, 1)
  })

  test('changes leave none out, whenever they come', async () => {
    await using rt = await engineWorld([counter], { readAheadEntriesMax: 2 })
    const near = rt.actor(counter, 'c')
    for (let n = 0; n < 5; n++) await near.send({ type: 'ADD', n: 1 })
    const tick = () => new Promise<void>(setImmediate)
    const far = new LocalClient(farFrom(rt, tick)).actor(counter, 'c')
    const adding = (async () => {
      for (let n = 0; n < 40; n++) {
        await near.send({ type: 'ADD', n: 1 })
        if (n % 7 === 0) for (let idle = 0; idle < 5; idle++) await tick()
      }
    })()
    const seqs: number[] = []
    for await (const { seq } of far.changes({ afterSeq: 2 })) {
      seqs.push(seq)
      if (seq % 5 === 0) await tick()
      if (seq === 46) break
    }
    await adding
    assert.deepEqual(
      seqs,
      Array.from({ length: 44 }, (_, n) => n + 3),
    )
  })

  test('a wait ends when the runtime does, and what cannot be read says why', async () => {
    await using rt = await engineWorld([counter])
    const far = new LocalClient(farFrom(rt, () => Promise.reject(new RangeError('nobody there')))).actor(
      counter,
      'c',
    )
    await rt.actor(counter, 'c').send({ type: 'ADD', n: 1 })
    await assert.rejects(
      far.waitFor(() => false),
      RangeError,
    )
    await assert.rejects(far.ask({ type: 'ADD', n: 1 }, { until: () => false }), RangeError)
    const waiting = rt.actor(counter, 'c').waitFor(() => false)
    const ended = assert.rejects(waiting, { code: 'Unavailable' })
    await rt.stop()
    await ended
  })
})
