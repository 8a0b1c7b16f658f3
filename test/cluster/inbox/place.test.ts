import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOf, ReadPlace } from '../../../cluster/inbox/place.js'

const message = {
  subject: 'perdure.shard.0.order.o-1',
  sequence: 7,
  body: Buffer.from('{"type":"GO"}'),
  headers: [['Nats-Msg-Id', ['order/o-1/c-1']]] as const,
}
const hash = hashOf({ ...message, messageId: 'order/o-1/c-1' })

test('a place that is asked for late is the same as one that is asked for at once', () => {
  const place = new ReadPlace('commands', message)
  assert.equal(place.hash, hash)
  assert.equal(place.hash, hash)
  assert.deepEqual(place.fixed(), { inbox: 'commands', sequence: 7, hash })
  assert.deepEqual(place.fixed(3), { inbox: 'commands', sequence: 7, hash, index: 3 })
})

test('a place that is fixed does not change with the bytes of its message', () => {
  const body = Buffer.from(message.body)
  const place = new ReadPlace('sends', { ...message, body })
  const fixed = place.fixed()
  body.fill(0)
  assert.equal(fixed.hash, hash)
  assert.equal(place.hash, hash)
})
