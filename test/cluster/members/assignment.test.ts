/** Rendezvous: even, stable, and the same whoever computes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assign, type Candidate } from '../../../cluster/members/assignment.js'

const SHARDS = 256
const idArb = fc.string({ minLength: 1, maxLength: 40 })
const idsArb = (minLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(idArb, { minLength, maxLength: 9 })
const named = (ids: readonly string[]): Candidate[] => ids.map(id => ({ id }))

test('each shard has an owner, and a standby that is another, as far as there are members', () => {
  fc.assert(
    fc.property(idsArb(0), ids => {
      for (const { owner, standby } of assign(named(ids), 64)) {
        assert.equal(owner !== undefined, ids.length >= 1)
        assert.equal(standby !== undefined, ids.length >= 2)
        assert.ok(owner === undefined || ids.includes(owner))
        assert.ok(standby === undefined || (ids.includes(standby) && standby !== owner))
      }
    }),
  )
})

test('the order in which members are named does not matter', () => {
  fc.assert(
    fc.property(
      idsArb(1).chain(ids => fc.tuple(fc.constant(ids), fc.shuffledSubarray(ids, { minLength: ids.length }))),
      ([ids, shuffled]) => assert.deepEqual(assign(named(shuffled), 64), assign(named(ids), 64)),
    ),
  )
})

test('one that joins only takes, and one that leaves hands each shard to its standby', () => {
  fc.assert(
    fc.property(idsArb(2), ids => {
      const [joined, ...others] = ids as [string, ...string[]]
      const [without, within] = [assign(named(others), 64), assign(named(ids), 64)]
      for (const [shard, seat] of within.entries()) {
        if (seat.owner === joined) assert.equal(without[shard]?.owner, seat.standby)
        else assert.equal(without[shard]?.owner, seat.owner)
      }
    }),
  )
})

test('no member has six standard deviations more or fewer shards than its share', () => {
  const weightArb = fc.constantFrom(1, 1, 2, 3)
  fc.assert(
    fc.property(
      idsArb(1).chain(ids =>
        fc.tuple(fc.constant(ids), fc.array(weightArb, { minLength: ids.length, maxLength: ids.length })),
      ),
      ([ids, weights]) => {
        const seats = assign(
          ids.map((id, index) => ({ id, weight: weights[index] ?? 1 })),
          SHARDS,
        )
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        for (const [index, id] of ids.entries()) {
          const part = (weights[index] ?? 1) / total
          const bound = 6 * Math.sqrt(SHARDS * part * (1 - part))
          const owned = seats.filter(seat => seat.owner === id).length
          assert.ok(Math.abs(owned - SHARDS * part) <= bound, `${id}: ${owned} of ${SHARDS}, part ${part}`)
        }
      },
    ),
  )
})

test('a member of no weight is given nothing', () => {
  const seats = assign([{ id: 'a' }, { id: 'b', weight: 0 }], 64)
  assert.ok(seats.every(seat => seat.owner === 'a' && seat.standby === undefined))
})
