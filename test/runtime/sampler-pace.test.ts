import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitsWith } from '../../actors/limits.js'
import { MemoryJournal } from '../../journal/index.js'
import { Sampler } from '../../runtime/sampler.js'
import { Bindings } from '../../runtime/step/bindings.js'
import { SystemClock } from '../../runtime/system-clock.js'
import { VirtualClock } from '../../runtime/testing/virtual-clock.js'
import { order } from '../bench/order-machine.js'
import { CommitMaker, T0 } from '../support/journal-commits.js'

const SECONDS = 60

/** How many actors a host takes in a minute of one commit a second. */
function taken(hosts: number): number {
  const clock = new VirtualClock(T0, new SystemClock())
  const journal = new MemoryJournal()
  let reads = 0
  journal.read = () => {
    reads++
    return undefined
  }
  const limits = limitsWith({ verifyEveryMs: 1_000 })
  const logger = { warn() {}, error() {} }
  const site = {
    journal,
    bindings: new Bindings([order]),
    clock,
    limits,
    logger,
    verify: {},
    hosts: () => hosts,
  }
  const sampler = new Sampler(site, () => {})
  const maker = new CommitMaker()
  for (let second = 1; second <= SECONDS; second++) {
    sampler.note(maker.make([{ address: 'order/1' }]))
    while (clock.ring(T0 + second * 1_000));
  }
  sampler.stop()
  return reads
}

test('hosts of one process take no more actors together than one alone', () => {
  const alone = taken(1)
  const [four, many] = [taken(4), taken(16)]
  assert.ok(alone > SECONDS / 4 && alone <= SECONDS, String(alone))
  assert.ok(four > 0 && 4 * four <= SECONDS, String(four))
  assert.ok(many > 0 && 16 * many <= SECONDS, String(many))
})
