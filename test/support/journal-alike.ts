/** Two journals that hold the same must answer alike. */
import assert from 'node:assert/strict'
import type { Address } from '../../actors/address.js'
import type { Journal } from '../../actors/journal.js'
import { T0 } from './journal-commits.js'
import { owingPages } from './owing-pages.js'

/** Asks both what a journal can be asked. */
export function assertAlike(journal: Journal, model: Journal, addresses: readonly Address[]): void {
  const same = (ask: (journal: Journal) => unknown) => assert.deepStrictEqual(ask(journal), ask(model))
  same(one => one.position)
  same(one => one.pending())
  same(one => one.deadLetters(undefined, 100))
  same(one => one.deadLetters(one.deadLetters(undefined, 1)[0]?.id, 3))
  same(one => one.countDeadLetters())
  same(one => one.counts())
  for (const kind of ['timer', 'retry'] as const) {
    same(one => one.nextDueAt(kind))
    for (const limit of [1, 2, 100]) same(one => one.due(kind, T0 + 3, limit))
  }
  same(one => one.losses())
  for (const size of [1, 100]) same(one => owingPages(one, size).flat())
  for (const query of [
    {},
    { type: 'order' },
    { roots: true },
    { roots: true, type: 'order', state: 'a' },
    { state: 'a' },
    { state: 'a.b', tag: 'x' },
    { version: 'v1' },
    { version: 'v2', type: 'order' },
    { status: 'done' as const, idleSince: T0 + 2 },
  ]) {
    same(one => one.count(query))
    same(one => one.list({ ...query, limit: 100 }))
    same(one => one.list({ ...query, after: 'order/1', limit: 2 }))
  }
  for (const address of addresses) {
    same(one => one.read(address))
    same(one => one.stateOf(address)?.seq)
    same(one => new Uint8Array(one.stateOf(address)?.state ?? []))
    same(one => one.entries(address, 0, 100))
    same(one => one.entries(address, 2, 3))
    for (const seq of [1, 3, 6, 100]) same(one => one.recordAt(address, seq))
  }
}
