/**
 * The command line among other programs: pipes that close early, no colours where nobody looks, completions.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRuntime } from '../../../runtime/index.js'
import { cart } from './shop.js'
import { perdure } from './terminal.js'

const main = fileURLToPath(new URL('../../../runtime/cli/main.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'perdure-pipes-'))
/** More than one page. */
const cartsThere = 1_100

before(async () => {
  const runtime = await createRuntime({ actors: [cart], path: directory, control: false })
  const sends = Array.from({ length: cartsThere }, (_, n) =>
    runtime.actor(cart, `c-${n}`).send({ type: 'add', item: `a thing with a long name, number ${n}` }),
  )
  await Promise.all(sends)
  await runtime.stop()
})
after(() => rmSync(directory, { recursive: true, force: true }))

describe('perdure in a pipe', () => {
  it('ends without complaint when its reader has seen enough', async () => {
    const script = `'${process.execPath}' '${main}' list --json --path '${directory}' | head -n 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script])
    assert.match(stdout, /^\{"id":"cart\/c-0".*\}\n0\n$/)
    assert.equal(stderr, '')
  })

  it('lists every actor, page after page, and counts as many', async () => {
    const { stdout } = await perdure(directory, 'list', 'cart', '--json')
    const ids = new Set(
      stdout
        .trim()
        .split('\n')
        .map(line => (JSON.parse(line) as { id: string }).id),
    )
    assert.equal(ids.size, cartsThere)
    assert.equal((await perdure(directory, 'list', '--count')).stdout, `${cartsThere}\n`)
  })

  it('exports two lines an actor, each a JSON object', async () => {
    const { stdout } = await perdure(directory, 'export', 'cart')
    const lines = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string })
    assert.equal(lines.length, 2 * cartsThere)
    assert.equal(lines.filter(({ type }) => type === 'add').length, cartsThere)
  })

  it('writes no colours', async () => {
    const { stdout } = await perdure(directory, 'list', '--limit', '3')
    assert.ok(!stdout.includes('\u001b'))
  })
})

describe('perdure completion', () => {
  it('writes a script for each shell that the shell itself reads', async () => {
    const bash = await perdure(undefined, 'completion', 'bash')
    assert.equal(bash.code, 0)
    await promisify(execFile)('bash', ['-n', '-c', bash.stdout])
    for (const shell of ['zsh', 'fish']) {
      const { code, stdout } = await perdure(undefined, 'completion', shell)
      assert.equal(code, 0)
      assert.match(stdout, /perdure/)
    }
    assert.equal((await perdure(undefined, 'completion', 'cmd')).code, 2)
  })

  it('offers commands, options and what an option may be', async () => {
    const offered = async (...words: string[]) =>
      (await perdure(undefined, 'complete', '--', ...words)).stdout
    assert.match(await offered('hi'), /^history\t/m)
    assert.match(await offered('dead', ''), /^retry\t/m)
    assert.match(await offered('list', '--st'), /^--status\t/m)
    assert.match(await offered('list', '--status', ''), /^active\t/m)
  })
})
