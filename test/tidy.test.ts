/**
 * The house as a test. Each rule runs over every source of the project, and over small samples, bad and
 * good, that show it can tell them apart.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sourceRoot } from './support/source-root.js'
import { deadExports } from './support/tidy-exports.js'
import { importCycles, importMatrix, type Packages, rooms } from './support/tidy-imports.js'
import { bad, good } from './support/tidy-samples.js'
import { comments, headers, lonelyTests, mirrors, sizes, untyped } from './support/tidy-shape.js'
import { type Finding, parseSource, readSources, type Source } from './support/tidy-source.js'
import { bannedTokens } from './support/tidy-tokens.js'

const root = sourceRoot(dirname(fileURLToPath(import.meta.url)))
const packages = packagesOf(join(root, 'package.json'))

interface Rule {
  readonly title: string
  find(sources: readonly Source[]): Finding[]
}

const rules: Readonly<Record<string, Rule>> = {
  imports: {
    title: 'rooms and packages are imported where they may be',
    find: sources => importMatrix(sources, packages),
  },
  cycles: { title: 'no module imports itself, however far around', find: importCycles },
  exports: { title: 'nothing is exported for nobody', find: deadExports },
  ports: { title: 'clock, chance, timers, console and process come through ports', find: bannedTokens },
  sizes: { title: 'files and functions are small', find: sizes },
  headers: { title: 'modules say what they own', find: headers },
  comments: { title: 'comments promise nothing and silence nothing', find: comments },
  any: { title: 'no `any`', find: untyped },
  places: { title: 'tests stand where their subject does', find: mirrors },
  only: { title: 'no test is run alone', find: lonelyTests },
}

suite('the house', () => {
  const sources = readSources(root, [...rooms, 'test'])

  test('there are sources to look at', () => {
    assert.ok(sources.some(source => source.room === 'actors'))
    assert.ok(sources.some(source => source.path === 'test/tidy.test.ts'))
  })
  for (const { title, find } of Object.values(rules)) test(title, () => clean(find(sources)))
})

suite('the rules', () => {
  for (const [name, { title, find }] of Object.entries(rules))
    test(`“${title}” can tell`, () => {
      const samples = bad[name] ?? []
      assert.ok(samples.length > 0, 'a rule without a bad sample may be blind')
      for (const [what, files] of samples) {
        const found = find(parseAll(files)).map(one => one.what)
        assert.ok(found[0]?.includes(what), `expected “${what}”, found [${found.join('; ')}]`)
      }
    })
  for (const [name, files] of Object.entries(good))
    test(`nothing is found in ${name}`, () => {
      for (const { find } of Object.values(rules)) clean(find(parseAll(files)))
    })
  test('a finding names file and line', () => {
    const [found] = untyped(parseAll({ 'actors/a.ts': '\n\nlet a: any' }))
    assert.deepEqual([found?.file, found?.line], ['actors/a.ts', 3])
  })
})

function clean(findings: readonly Finding[]): void {
  const lines = findings.map(({ file, line, what, instead }) => `${file}:${line}  ${what}\n    ${instead}`)
  assert.ok(findings.length === 0, `${findings.length} found\n${lines.join('\n')}`)
}

function parseAll(files: Readonly<Record<string, string>>): Source[] {
  return Object.entries(files).map(([path, text]) => parseSource(path, text))
}

function packagesOf(path: string): Packages {
  const found = JSON.parse(readFileSync(path, 'utf8')) as Partial<
    Record<keyof Packages | 'peerDependencies', object>
  >
  return {
    dependencies: Object.keys({ ...found.dependencies, ...found.peerDependencies }),
    devDependencies: Object.keys(found.devDependencies ?? {}),
  }
}
