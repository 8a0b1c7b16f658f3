/** What an owner pushes to those who follow an actor, beside what its history says. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Feed, type FeedRequest } from '../../../runtime/cluster/feed.js'
import { readNews } from '../../../runtime/cluster/feed-news.js'
import { defineActor } from '../../../runtime/index.js'
import type { VirtualTimeRuntime } from '../../../runtime/testing/test-runtime.js'
import { counterMachine } from '../../support/engine-counter.js'
import { engineWorld } from '../../support/engine-world.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })
const ADDRESS = 'counter/c'

/** A feed of the counter, and what it told: seqs, and `nobody`. */
function feedOf(rt: VirtualTimeRuntime, request: Omit<FeedRequest, 'address'>, readAheadEntriesMax = 64) {
  const { service } = rt.engine
  const told: (number | string)[] = []
  const tell = (bytes: Uint8Array) => {
    const news = readNews(bytes)
    told.push(news.kind === 'state' ? news.view.seq : news.kind)
  }
  const limits = { ...service.limits, readAheadEntriesMax }
  const feed = new Feed({ address: ADDRESS, ...request }, { service, clock: service.clock, limits, tell })
  let isOver = false
  const ended = feed.run().finally(() => {
    isOver = true
  })
  // The runtime ends with the test.
  ended.catch(() => {})
  return { feed, told, ended, isOver: () => isOver }
}

suite('a feed of an actor', () => {
  test('tells that there is none, its birth, and each state after it', async () => {
    await using rt = await engineWorld([counter])
    const { feed, told, ended } = feedOf(rt, {})
    const c = rt.actor(counter, 'c')
    for (let n = 0; n < 3; n++) await c.send({ type: 'ADD', n: 1 })
    assert.deepEqual(told, ['nobody', 1, 2, 3, 4])
    feed.end()
    await ended
    await c.send({ type: 'ADD', n: 1 })
    assert.deepEqual(told, ['nobody', 1, 2, 3, 4], 'nothing once it has ended')
  })

  test('begins with the present state, or after one that is known, whatever has been since', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    for (let n = 0; n < 5; n++) await c.send({ type: 'ADD', n: 1 })
    const fromNow = feedOf(rt, {})
    const fromThree = feedOf(rt, { after: 3 })
    const fromLast = feedOf(rt, { after: 6 })
    // While the history is read for the one.
    await Promise.all([c.send({ type: 'ADD', n: 1 }), c.send({ type: 'ADD', n: 1 })])
    await c.send({ type: 'ADD', n: 1 })
    while (fromThree.told.length < 6) await new Promise(setImmediate)
    assert.deepEqual(fromNow.told, [6, 7, 8, 9])
    assert.deepEqual(fromThree.told, [4, 5, 6, 7, 8, 9])
    assert.deepEqual(fromLast.told, [7, 8, 9])
  })

  test('ends after so many states, and after so much time', async () => {
    await using rt = await engineWorld([counter])
    const c = rt.actor(counter, 'c')
    for (let n = 0; n < 9; n++) await c.send({ type: 'ADD', n: 1 })
    const short = feedOf(rt, { after: 0 }, 4)
    await short.ended
    assert.deepEqual(short.told, [1, 2, 3, 4])
    const quiet = feedOf(rt, {})
    await rt.advance(rt.engine.service.limits.changesWaitMs - 1)
    assert.equal(quiet.isOver(), false)
    await rt.advance(1)
    await quiet.ended
    assert.deepEqual(quiet.told, [10])
  })

  test('ends with the runtime, and says so', async () => {
    const rt = await engineWorld([counter])
    const { ended } = feedOf(rt, {})
    await rt.stop()
    await assert.rejects(ended, /stopped/)
  })

  test('shows states only to those who cannot read them', async () => {
    await using rt = await engineWorld([counter])
    await rt.actor(counter, 'c').send({ type: 'ADD', n: 7 })
    const views = [true, false].map(isBare => {
      let view: unknown
      const { service } = rt.engine
      const tell = (bytes: Uint8Array) => {
        const news = readNews(bytes)
        if (news.kind === 'state') view = news.view
      }
      const { clock, limits } = service
      const feed = new Feed({ address: ADDRESS, isBare }, { service, clock, limits, tell })
      void feed.run()
      feed.end()
      return view as { readonly context?: unknown; readonly state: Uint8Array }
    })
    assert.deepEqual(
      views.map(view => [view.context, view.state.length > 0]),
      [
        [undefined, true],
        [{ n: 7, notes: [] }, true],
      ],
    )
  })
})
