/**
 * `--help` of each command, as goldens. Rewritten with PERDURE_GOLDEN=write.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertGolden } from './golden.js'
import { perdure, transcript } from './terminal.js'

const commands = [
  ...[
    'demo',
    'start',
    'dev',
    'create',
    'send',
    'ask',
    'done',
    'beat',
    'terminate',
    'get',
    'list',
    'history',
    'watch',
    'stats',
  ],
  ...[
    'dead',
    'dead list',
    'dead show',
    'dead retry',
    'dead drop',
    'verify',
    'quarantine',
    'release',
    'backup',
    'restore',
    'export',
  ],
  ...['members', 'shards', 'drain', 'doctor'],
  'completion',
]

describe('perdure --help', () => {
  it('names every command, and no other', async () => {
    const seen = await perdure(undefined, '--help')
    assertGolden('help/perdure', transcript(seen, {}))
    const listed = [...seen.stdout.matchAll(/^ {2}([a-z]+)(?: [<[][^ ]+)* {2,}/gm)].map(found => found[1])
    assert.deepEqual(
      listed.filter(name => name !== 'help').sort(),
      commands.filter(name => !name.includes(' ')).sort(),
    )
  })

  it('of each command teaches: examples and exit codes', async () => {
    await Promise.all(
      commands.map(async name => {
        const seen = await perdure(undefined, ...name.split(' '), '--help')
        assert.equal(seen.code, 0)
        assert.match(seen.stdout, /Exit codes: 0 done/, name)
        assert.match(seen.stdout, /\n {2}\$ perdure /, name)
        assertGolden(`help/${name.replace(' ', '-')}`, transcript(seen, {}))
      }),
    )
  })
})
