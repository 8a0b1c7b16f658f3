/**
 * Goldens: what each command printed when somebody last looked at it and found it good. Kept in golden/,
 * compared exactly; PERDURE_GOLDEN=write puts what is seen in their place.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sourceRoot } from '../../support/source-root.js'

const directory = join(sourceRoot(dirname(fileURLToPath(import.meta.url))), 'test/scenarios/cli/golden')

/** @throws AssertionError when `text` is not what the golden of that name says. */
export function assertGolden(name: string, text: string): void {
  const file = join(directory, `${name}.txt`)
  if (process.env.PERDURE_GOLDEN === 'write') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return
  }
  assert.ok(
    existsSync(file),
    `there is no golden ${file}: run with PERDURE_GOLDEN=write, and read what it wrote`,
  )
  assert.equal(text, readFileSync(file, 'utf8'), `differs from ${file}`)
}
