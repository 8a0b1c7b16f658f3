/** Limits may be replaced, and only by what bounds something. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits, limitsWith } from '../../actors/limits.js'

test('given limits replace the defaults, the rest stays', () => {
  assert.deepEqual(limitsWith(), limits)
  assert.deepEqual(limitsWith({ batchCommandsMax: 7, idleMsMax: 0 }), {
    ...limits,
    batchCommandsMax: 7,
    idleMsMax: 0,
  })
})

test('what bounds nothing is refused by name', () => {
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '5' as unknown as number])
    assert.throws(() => limitsWith({ batchCommandsMax: value }), {
      code: 'InvalidDefinition',
      message: /batchCommandsMax/,
    })
  assert.throws(() => limitsWith({ batchMax: 5 } as object), {
    code: 'InvalidDefinition',
    message: /batchMax/,
  })
})
