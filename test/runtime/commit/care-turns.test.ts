/** Shards of one process that step with care. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Command } from '../../../actors/command.js'
import { type Limits, limits } from '../../../actors/limits.js'
import { MemoryJournal } from '../../../journal/index.js'
import { CareTurns } from '../../../runtime/commit/care-turns.js'
import { Followers } from '../../../runtime/dispatch/followers.js'
import { MemoryInbox } from '../../../runtime/inbox/memory-inbox.js'
import { defineActor } from '../../../runtime/index.js'
import { ShardHost } from '../../../runtime/shard-host.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import { SystemClock } from '../../../runtime/system-clock.js'
import { counterMachine } from '../../support/engine-counter.js'

const counter = defineActor({ machine: counterMachine, version: '1', create: () => ({ from: 0 }) })

/** A journal with commands that an earlier process left, each begun that often. */
async function left(attempts: number | undefined): Promise<MemoryJournal> {
  const journal = new MemoryJournal()
  const pending = [1, 2].map((n): Command => {
    const mark = attempts === undefined ? {} : { attempts }
    return { kind: 'message', commandId: `${n}`, target: 'counter/c', event: { type: 'ADD', n: 1 }, ...mark }
  })
  const nothing = { entries: [], records: [], published: [], deadLetters: [], settledLetters: [] }
  await journal.append({ first: 1, at: 0, pending, ...nothing })
  return journal
}

/** Two shards of one process; answers in which order they committed. */
async function together(marks: readonly (number | undefined)[], bounds: Limits = limits): Promise<string> {
  const turns = new CareTurns()
  let commits = ''
  const hosts: ShardHost[] = []
  for (const [at, mark] of marks.entries()) {
    const journal = await left(mark)
    const host = new ShardHost({
      journal,
      log: {
        append: async commit => {
          commits += 'ab'[at]
          await new Promise(resolve => setImmediate(resolve))
          await journal.append(commit)
        },
      },
      inbox: new MemoryInbox(bounds),
      bindings: new Bindings([counter]),
      clock: new SystemClock(),
      limits: bounds,
      logger: { warn: () => {}, error: () => {} },
      followers: new Followers(error => assert.fail(String(error))),
      onFailed: error => assert.fail(error),
      wasKilled: true,
      turns,
    })
    hosts.push(host)
  }
  for (const host of hosts) host.start()
  await Promise.all(hosts.map(host => host.whenIdle()))
  for (const host of hosts) {
    assert.equal(host.isIdle, true)
    assert.equal(host.read('counter/c')?.record.seq, 3)
    host.kill()
  }
  return commits
}

suite('shards that step with care in one process', () => {
  test('do so one after another once one of them has suspects', async () => {
    for (const marks of [
      [1, 1],
      [undefined, 1],
    ])
      assert.match(await together(marks), /^(a+b+|b+a+)$/, JSON.stringify(marks))
  })

  test('need not wait for each other before', async () => {
    assert.match(await together([undefined, undefined]), /ab+a|ba+b/)
  })

  test('that end let the others go on', () => {
    const turns = new CareTurns()
    const [one, other] = [{}, {}]
    let woken = 0
    const wake = () => woken++
    for (const who of [one, other]) turns.suspect(who)
    assert.equal(turns.mayGoOn(one, wake), true)
    turns.take(one)
    assert.deepEqual([turns.mayGoOn(one, wake), turns.mayGoOn(other, wake), woken], [true, false, 0])
    turns.over(one)
    assert.deepEqual([turns.mayGoOn(other, wake), woken], [true, 1])
  })
})
