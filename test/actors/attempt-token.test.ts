import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressOf } from '../../actors/address.js'
import { attemptToken, readAttemptToken } from '../../actors/attempt-token.js'
import { InvalidKeyError } from '../../actors/errors.js'

test('a token is one token of a subject, and comes back as it went', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
      fc.string({ minLength: 1 }),
      fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
      (key, id, [incarnation = 0, epoch = 0, task = 0, attempt = 0]) => {
        const token = { actor: addressOf('order', key), incarnation, id, epoch, task, attempt }
        const text = attemptToken(token)
        assert.match(text, /^[A-Za-z0-9_-]+$/)
        assert.deepEqual(readAttemptToken(text), token)
      },
    ),
  )
})

test('what is none names no attempt', () => {
  const token = { actor: 'order/o', incarnation: 1, id: 'charge', epoch: 1, task: 0, attempt: 1 }
  const text = attemptToken(token)
  const bad = ['', 'x', text.slice(0, -2), `${text}=`, Buffer.from('[1]').toString('base64url'), '%']
  for (const one of bad) assert.throws(() => readAttemptToken(one), InvalidKeyError, one)
  const noActor = attemptToken({ ...token, actor: 'order' })
  assert.throws(() => readAttemptToken(noActor), InvalidKeyError)
})
