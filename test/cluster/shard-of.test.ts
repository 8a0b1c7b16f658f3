import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { addressOf, childAddress } from '../../actors/address.js'
import { shardOf } from '../../cluster/shard-of.js'

suite('the shard of an address', () => {
  test('is what nats-server 2.15.1 says it is', () => {
    const said = [
      ['order', 'o-1', 42],
      ['order', 'o-2', 23],
      ['a', 'b c', 28],
      ['x~y', 'z:1', 1],
      ['agent', '😀', 40],
    ] as const
    for (const [type, key, shard] of said) assert.equal(shardOf(addressOf(type, key), 64), shard)
  })

  test('is that of the root for all below it', () => {
    const root = addressOf('order', 'o-1')
    assert.equal(shardOf(childAddress(childAddress(root, 'pay'), 'x'), 64), shardOf(root, 64))
  })
})
