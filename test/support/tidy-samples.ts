/**
 * Small projects for the tidy rules: those under a rule's name break that rule, those in `good` break none.
 */
type Files = Readonly<Record<string, string>>

/** By rule: what it has to say, and of which files. */
export const bad: Readonly<Record<string, readonly (readonly [string, Files])[]>> = {
  imports: [
    ['machines/ imports journal/x.ts', { 'machines/a.ts': `import type { X } from '../journal/x.js'` }],
    ['actors/ imports machines/x.ts', { 'actors/a.ts': `export { x } from '../machines/x.js'` }],
    ['runtime/ imports test/x.ts', { 'runtime/a.ts': `await import('../test/x.js')` }],
    ['journal/ imports machines/x.ts', { 'journal/a.ts': `export type A = import('../machines/x.js').X` }],
    ['runtime/ imports xstate', { 'runtime/a.ts': `import { setup } from 'xstate'` }],
    ['runtime/ imports xstate', { 'runtime/a.ts': `import { type Snapshot } from 'xstate'` }],
    ['journal/ imports xstate', { 'journal/a.ts': `import type { Snapshot } from 'xstate'` }],
    ['runtime/ imports better-sqlite3', { 'runtime/a.ts': `import type { Database } from 'better-sqlite3'` }],
    ['journal/ imports @nats-io/jetstream', { 'journal/a.ts': `import '@nats-io/jetstream'` }],
    ['imports fast-check, which an installed perdure', { 'runtime/a.ts': `import fc from 'fast-check'` }],
    ['actors/ imports node:fs', { 'actors/a.ts': `import { readFileSync } from 'node:fs'` }],
    ['runtime/a.ts imports ./testing/x.js', { 'runtime/a.ts': `import { x } from './testing/x.js'` }],
    ['imports perdure', { 'test/runtime/a.test.ts': `import { createRuntime } from 'perdure'` }],
    ['imports leftpad, which package.json', { 'test/support/a.ts': `import 'leftpad'` }],
  ],
  cycles: [
    [
      'imports itself: actors/a.ts → actors/b.ts → actors/a.ts',
      { 'actors/a.ts': `import './b.js'`, 'actors/b.ts': `export * from './a.js'` },
    ],
  ],
  exports: [
    [
      `nobody imports 'b'`,
      { 'actors/a.ts': 'export const a = 1, b = 2', 'actors/c.ts': `import { a } from './a.js'` },
    ],
    [`nobody imports 'T'`, { 'actors/a.ts': 'export interface T { x: 1 }' }],
    [
      `nobody imports 'a'`,
      { 'actors/a.ts': 'export const a = 1', 'actors/index.ts': `export { a } from './a.js'` },
    ],
  ],
  ports: [
    ['uses Date.now', { 'journal/a.ts': 'const x = Date.now()' }],
    ['uses Date.now', { 'journal/a.ts': 'const { now } = Date' }],
    ['uses Date()', { 'journal/a.ts': 'const x = new Date' }],
    ['uses performance', { 'journal/a.ts': 'const f = performance.now' }],
    ['uses Math.random', { 'test/support/a.ts': `const x = Math['random']()` }],
    ['uses node:crypto randomUUID', { 'runtime/a.ts': `import { randomUUID } from 'node:crypto'` }],
    ['uses node:crypto *', { 'runtime/a.ts': `import * as c from 'node:crypto'` }],
    ['uses setTimeout', { 'runtime/a.ts': 'globalThis.setTimeout(f, 1)' }],
    ['uses AbortSignal.timeout', { 'runtime/a.ts': 'const signal = AbortSignal.timeout(1)' }],
    ['uses queueMicrotask', { 'machines/a.ts': 'const later = { run: queueMicrotask }' }],
    [
      'uses node:timers/promises',
      { 'cluster/a.ts': `import { setTimeout as wait } from 'node:timers/promises'` },
    ],
    ['uses console', { 'runtime/a.ts': 'console.log(1)' }],
    ['uses process', { 'runtime/a.ts': 'const home = process.env.HOME' }],
    ['uses process', { 'runtime/a.ts': 'const all = { process }' }],
  ],
  sizes: [
    ['401 lines', { 'actors/a.ts': '//\n'.repeat(401) }],
    ['a function of 72 lines', { 'actors/a.ts': `[1].map(() => {\n${'f()\n'.repeat(70)}})` }],
    [
      'a function of 73 lines',
      { 'actors/a.ts': `function f() {\n[1].map(() => {\n${'g()\n'.repeat(69)}})\n}` },
    ],
  ],
  headers: [['no module header', { 'actors/a.ts': '// short\nlet a' }]],
  comments: [
    ['TODO', { 'actors/a.ts': '/*\n TODO: more */' }],
    ['@ts-ignore', { 'test/support/a.ts': '// @ts-ignore\nlet a' }],
    ['@ts-expect-error', { 'actors/a.ts': '// @ts-expect-error\nlet a' }],
  ],
  any: [['`any`', { 'actors/a.ts': 'let a: Map<string, any>' }]],
  places: [
    ['mirrors no module', { 'actors/a.ts': '', 'test/actors/b.test.ts': '' }],
    ['stands in test/ itself', { 'test/a.test.ts': '' }],
    ['test/odd is neither', { 'test/odd/a.test.ts': '' }],
  ],
  only: [
    ['`only`', { 'test/actors/a.test.ts': `test.only('x', () => {})` }],
    ['`only`', { 'test/actors/a.test.ts': `test('x', { only: true }, () => {})` }],
  ],
}

const shortTest = `test('b', () => {\n${'f()\n'.repeat(30)}})\n`
const shortFunction = `const f = () => {\n${'f()\n'.repeat(30)}}\n`

export const good: Readonly<Record<string, Files>> = {
  'types that go around': {
    'actors/a.ts': `/** A. */\nimport type { B } from './b.js'\nexport type A = B`,
    'actors/b.ts': `/** B. */\nimport type { A } from './a.js'\nexport interface B { a: A }`,
  },
  'types of xstate in actors, values in machines': {
    'actors/a.ts': `/** A. */\nimport type { Snapshot } from 'xstate'\ntype A = Snapshot<unknown>`,
    'machines/m.ts': `/** M. */\nimport { setup } from 'xstate'\nsetup({})`,
  },
  'a name handed on to the public': {
    'runtime/x.ts': '/** X. */\nexport const x = 1',
    'runtime/y.ts': `/** Y. */\nexport { x as y } from './x.js'`,
    'runtime/index.ts': `/** Public. */\nexport * from './y.js'`,
  },
  'a type on its room’s face': {
    'machines/x.ts': '/** X. */\nexport interface X { x: 1 }',
    'machines/index.ts': `/** The face. */\nexport type { X } from './x.js'`,
  },
  'names that only look banned': {
    'journal/a.ts': `/** A. */
      import { createHash } from 'node:crypto'
      function f(at: number, process: { id: string }) {
        return [new Date(at), at instanceof Date, process.id, { console: 1, setTimeout() {} }, createHash]
      }
      f(1, { id: '' })`,
  },
  'the process where it is allowed': {
    'runtime/compose.ts': '/** C. */\nprocess.cwd()',
    'runtime/cli/main.ts': '#!/usr/bin/env node\n/** M. */\nconsole.log(process.argv)',
  },
  'a long suite of short tests, a long closure of short functions': {
    'actors/a.ts': `/** A. */\nfunction make() {\n${shortFunction.repeat(5)}}`,
    'test/contracts/a.test.ts': `suite('a', () => {\n${shortTest.repeat(5)}})`,
  },
  'a test of a folder, and a second one of a module': {
    'journal/codec/a.ts': '/** A. */',
    'journal/b.ts': '/** B. */',
    'test/journal/codec.test.ts': '',
    'test/journal/b-dates.test.ts': '',
  },
}
