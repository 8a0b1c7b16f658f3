/** How a test says which refusal of a journal it expects. */
import assert from 'node:assert/strict'
import { SetupError, type SetupErrorCode } from '../../actors/errors.js'

/** For `assert.throws` and `assert.rejects`. */
export function refusal(code: SetupErrorCode, message: RegExp, details: Record<string, unknown> = {}) {
  return (error: unknown): true => {
    assert.ok(error instanceof SetupError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    for (const [name, value] of Object.entries(details)) assert.deepEqual(error.details[name], value)
    return true
  }
}
