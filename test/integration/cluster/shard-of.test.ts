/** The shard we find for an address is the one the servers put it into. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeliverPolicy } from '@nats-io/jetstream'
import fc from 'fast-check'
import { rootOf } from '../../../actors/address.js'
import { connectCluster } from '../../../cluster/connection.js'
import { shardOf } from '../../../cluster/shard-of.js'
import { prepareStreams } from '../../../cluster/streams/setup.js'
import { anyAddress } from '../../support/commands.js'
import { serverFor } from '../../support/nats/nats-world.js'

const ADDRESSES = 6_000
const AT_ONCE = 500

for (const shards of [64, 7])
  test(`the shard of an address, of ${shards}, is the one its commands arrive in`, async t => {
    const { url } = await serverFor(t)
    const connection = await connectCluster({ servers: url }, 'shards')
    t.after(() => connection.nc.close())
    const { names } = await prepareStreams(connection, undefined, { shards })
    const seed = 4_711 + shards
    const samples = fc.sample(anyAddress, { numRuns: 2 * ADDRESSES, seed }).map(rootOf)
    const addresses = [...new Set(samples)].slice(0, ADDRESSES)
    assert.equal(addresses.length, ADDRESSES, `seed ${seed}: too few of them differ`)
    for (let from = 0; from < ADDRESSES; from += AT_ONCE) {
      const some = addresses.slice(from, from + AT_ONCE)
      await Promise.all(some.map(address => connection.js.publish(names.command(address))))
    }
    const { consumers } = connection.js
    const consumer = await consumers.get(names.commandsStream, { deliver_policy: DeliverPolicy.All })
    const used = new Set<number>()
    let read = 0
    for await (const { subject } of await consumer.fetch({ max_messages: ADDRESSES })) {
      const [, , shard, type, key] = subject.split('.')
      assert.equal(shardOf(`${type}/${key}`, shards), Number(shard), `seed ${seed}: ${subject}`)
      used.add(Number(shard))
      if (++read === ADDRESSES) break
    }
    assert.equal(read, ADDRESSES)
    assert.equal(used.size, shards)
  })
