import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../actors/limits.js'
import { MemoryJournal } from '../../../journal/index.js'
import { ActorCache } from '../../../runtime/commit/actor-cache.js'
import { defineActor } from '../../../runtime/index.js'
import { Bindings } from '../../../runtime/step/bindings.js'
import type { Life } from '../../../runtime/step/life.js'
import { counterMachine } from '../../support/engine-counter.js'
import { CommitMaker } from '../../support/journal-commits.js'

const maker = new CommitMaker()
const counter = defineActor({ machine: counterMachine, version: '1' })

function lifeOf(address: string): Life {
  const { record } = maker.make([{ address }]).records[0]!
  const bindings = new Bindings([counter])
  return { record, state: undefined, binding: bindings.find('counter', '1', [], address), weight: 0 }
}

test('when every actor is busy, room for one more is made after a few looks', () => {
  const [activeActorsMax, evictionLooksMax] = [2_000, 32]
  const asked = { ...limits, activeActorsMax, evictionLooksMax }
  const cache = new ActorCache(new MemoryJournal(), new Bindings([counter]), asked)
  const lives = Array.from({ length: activeActorsMax }, (_, key) => lifeOf(`counter/${key}`))
  for (const life of lives) cache.put(life, 0)
  for (let now = 1; now <= 20; now++) {
    // All but the newcomers were used since.
    for (const { record } of lives) cache.get(record.address, now)
    const newcomer = lifeOf(`counter/new-${now}`)
    const placed = looksOf(() => cache.put(newcomer, now))
    assert.ok(placed <= evictionLooksMax + 1, `${placed} looks`)
    assert.equal(cache.size, activeActorsMax)
  }
})

/** How many actors are given a place while `work` runs. */
function looksOf(work: () => void): number {
  const { set } = Map.prototype
  let times = 0
  Map.prototype.set = function (...args) {
    times++
    return set.apply(this, args)
  }
  try {
    work()
  } finally {
    Map.prototype.set = set
  }
  return times
}
