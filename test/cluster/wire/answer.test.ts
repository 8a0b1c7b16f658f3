import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { encode } from '../../../actors/codec.js'
import { TimeoutError } from '../../../actors/errors.js'
import type { Answer, AppliedCommand } from '../../../actors/inbox.js'
import { answerBytes, readAnswer } from '../../../cluster/wire/answer.js'
import { packFrame } from '../../../cluster/wire/state-frame.js'
import { runs } from '../../support/effort.js'

const applied: AppliedCommand = {
  commandId: 'c1',
  position: 9,
  seq: 2,
  version: '1',
  at: 1_700_000_000_000,
  state: Uint8Array.of(1, 2, 3),
  duplicate: false,
  handled: true,
  created: true,
  snapshot: {
    value: { open: 'new' },
    context: { since: new Date(5), items: new Map([['a', 1]]) },
    status: 'active',
    output: undefined,
    error: undefined,
    tags: new Set(['busy']),
  },
}

suite('an answer on the wire', () => {
  test('tells all that came of a command', () => {
    const answer: Answer = { ok: true, applied }
    assert.deepStrictEqual(readAnswer(answerBytes(answer)), answer)
    const durability = 'replicated' as const
    const snapshot = {
      ...applied.snapshot,
      value: undefined,
      output: [1],
      error: 'e',
      tags: new Set<string>(),
    }
    const ended: Answer = {
      ok: true,
      applied: { ...applied, durability, duplicate: true, handled: false, snapshot },
    }
    assert.deepStrictEqual(readAnswer(answerBytes(ended)), ended)
  })

  test('shows a snapshot as data, whatever its logic gives besides', () => {
    const snapshot = Object.assign(Object.create({ matches: () => true }), applied.snapshot, {
      can: () => true,
    })
    assert.deepStrictEqual(readAnswer(answerBytes({ ok: true, applied: { ...applied, snapshot } })), {
      ok: true,
      applied,
    })
  })

  test('tells of a letter, and of an error as it was', () => {
    const letter: Answer = { ok: true, letter: { commandId: 'c1', position: 3, handled: false } }
    assert.deepStrictEqual(readAnswer(answerBytes(letter)), letter)
    const error = new TimeoutError('order/o-1', 'the answer', 5, 'c1')
    const read = readAnswer(answerBytes({ ok: false, error }))
    assert.ok(!read.ok)
    const { code, message, retryable, actorId, details } = read.error
    assert.deepStrictEqual(
      { code, message, retryable, actorId, details },
      {
        code: 'Timeout',
        message: error.message,
        retryable: true,
        actorId: 'order/o-1',
        details: { timeoutMs: 5, commandId: 'c1' },
      },
    )
  })

  test('that cannot be written down is told as that', () => {
    const snapshot = { ...applied.snapshot, context: { call: () => 1 } }
    const read = readAnswer(answerBytes({ ok: true, applied: { ...applied, snapshot } }))
    assert.ok(!read.ok)
    assert.equal(read.error.code, 'Unavailable')
    assert.match(read.error.message, /context\.call is a function/)
  })

  test('that is none ends as one', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.jsonValue().map(encode)), bytes => {
        const read = readAnswer(bytes)
        assert.ok(!read.ok)
        assert.equal(read.error.code, 'Unavailable')
      }),
      { numRuns: runs(5_000) },
    )
    assert.ok(!readAnswer(packFrame([3, { code: 'toString', message: 'x' }])).ok)
  })
})
