/** What is read from the bucket of members, and how lives are told apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beganBy, lifeOf, readMember } from '../../../cluster/members/member-record.js'

const bytes = (text: string): Buffer => Buffer.from(text)

test('a life began at or before a revision of its own bucket, and of no other', () => {
  const life = lifeOf('2026-01-01T00:00:00.123456789Z', 12)
  assert.equal(beganBy(life, '2026-01-01T00:00:00.123456789Z', 12), true)
  assert.equal(beganBy(life, '2026-01-01T00:00:00.123456789Z', 11), false)
  assert.equal(beganBy(life, '2026-01-01T00:00:00.123456780Z', 99), false)
})

test('what is no heartbeat of the key is none', () => {
  assert.equal(readMember('a', bytes('{"id":"a","clock":5}'))?.clock, 5)
  assert.equal(readMember('b', bytes('{"id":"a","clock":5}')), undefined)
  assert.equal(readMember('a', bytes('{"id":"a"}')), undefined)
  assert.equal(readMember('a', bytes('')), undefined)
  assert.equal(readMember('a', bytes('null')), undefined)
  assert.equal(readMember('a', bytes('[')), undefined)
})
