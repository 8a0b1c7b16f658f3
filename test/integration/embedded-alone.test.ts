/** What an embedded program does not load. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

test('an embedded program and its local client load nothing of NATS', async () => {
  const program = fileURLToPath(new URL('../support/loaded-scripts.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  const [embedded, cluster] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { all: number; found: string[] })
  assert.ok(embedded!.all > 100, 'the scripts of the runtime are seen')
  assert.deepEqual(embedded!.found, [])
  assert.ok(
    cluster!.found.some(url => url.includes('@nats-io/transport-node')),
    'those of NATS would be seen',
  )
})
