import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MemberLoad } from '../../../runtime/cluster/member-load.js'
import type { Load } from '../../../runtime/observe/load.js'

const load = (n: number): Load => ({
  inboxCommands: n,
  inboxRefused: n,
  insideCommands: 0,
  pendingCommands: 0,
  heldCommands: 0,
  deadLetters: n,
  activitiesRunning: n,
  activitiesWaiting: 0,
  cacheActors: n,
  cacheHits: 10 * n,
  cacheMisses: 0,
  journalPosition: 100 * n,
  journalBytes: n,
  unsettled: { segments: n, bytes: n, since: undefined },
  unsettledMs: n,
})

suite('the load of all shards a member owns', () => {
  test('is that of all together; the oldest that is not settled is the oldest of all', () => {
    const all = new MemberLoad().of(
      new Map([
        ['0 1', load(1)],
        ['1 1', load(2)],
      ]),
    )
    assert.deepEqual(
      [all.inboxCommands, all.journalPosition, all.cacheHits, all.unsettled.segments, all.unsettledMs],
      [3, 300, 30, 3, 2],
    )
  })

  test('counts on after a shard has gone, and when it comes back', () => {
    const member = new MemberLoad()
    const hits = (loads: [string, Load][]) => member.of(new Map(loads)).cacheHits
    assert.equal(
      hits([
        ['0 1', load(1)],
        ['1 1', load(2)],
      ]),
      30,
    )
    assert.equal(hits([['0 1', load(1)]]), 30)
    assert.equal(hits([['0 1', load(3)]]), 50)
    // Its host is another: it counts from nothing.
    assert.equal(
      hits([
        ['0 1', load(3)],
        ['1 2', load(1)],
      ]),
      60,
    )
    assert.equal(hits([]), 60)
  })
})
