import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Followers } from '../../../runtime/dispatch/followers.js'

test('a listener that throws or rejects is reported, and the others hear', async () => {
  const errors: string[] = []
  const followers = new Followers(error => errors.push((error as Error).message))
  const heard: string[] = []
  followers.onLive('job/j', () => {
    throw new Error('thrown')
  })
  followers.onLive('job/j', async () => {
    throw new Error('rejected')
  })
  const end = followers.onLive('job/j', event => heard.push(event.type))
  followers.tellLive('job/j', { type: 'TOKEN' })
  await Promise.resolve()
  assert.deepEqual(errors, ['thrown', 'rejected'])
  end()
  followers.tellLive('job/j', { type: 'LATE' })
  assert.deepEqual(heard, ['TOKEN'])
})
