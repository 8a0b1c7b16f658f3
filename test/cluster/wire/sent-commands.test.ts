import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { encode } from '../../../actors/codec.js'
import type { Command } from '../../../actors/command.js'
import { readSentCommands } from '../../../cluster/wire/sent-commands.js'
import { anyPublicCommand } from '../../support/commands.js'
import { runs } from '../../support/effort.js'

const result: Command = {
  kind: 'result',
  commandId: 'r1',
  target: 'order/o-1',
  sender: 'customer/c-1',
  token: { actor: 'order/o-1', incarnation: 3, id: 'risk', epoch: 2, task: 0, attempt: 1 },
  outcome: { status: 'done', output: new Map([['a', undefined]]) },
}

suite('the commands of another shard', () => {
  test('are read back in order, of whatever kind', () => {
    fc.assert(
      fc.property(fc.array(anyPublicCommand(), { maxLength: 5 }), commands => {
        const sent = [...commands, result]
        assert.deepStrictEqual(readSentCommands(encode(sent)), { commands: sent })
      }),
      { numRuns: runs(250) },
    )
  })

  test('that are none are said to be none', () => {
    assert.deepStrictEqual(readSentCommands(encode([])), { found: 'no list' })
    assert.deepStrictEqual(readSentCommands(encode([result, { kind: 'message' }])), {
      found: 'a list whose item 1 is no command',
    })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => assert.ok('found' in readSentCommands(bytes))),
      { numRuns: runs(5_000) },
    )
  })
})
