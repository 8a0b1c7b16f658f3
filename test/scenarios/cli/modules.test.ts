/**
 * `perdure start` and `perdure dev` with modules as users write them: TypeScript in a package of its own, which
 * must meet the very XState and Perdure that run it.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { perdure, Running } from './terminal.js'

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'perdure-modules-')))
const runtimeIndex = fileURLToPath(new URL('../../../runtime/index.js', import.meta.url))
const runs: Running[] = []

after(async () => {
  for (const one of runs) if (one.process.exitCode === null) await one.stop('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

/** A user's package with a counter that goes up by what its neighbour says. */
function userPackage(name: string, manifest: object, file = 'counter.ts'): string {
  const path = join(directory, name)
  mkdirSync(join(path, 'node_modules/perdure'), { recursive: true })
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, ...manifest }))
  // As if installed: what is built here, under its name.
  writeFileSync(
    join(path, 'node_modules/perdure/package.json'),
    JSON.stringify({ name: 'perdure', type: 'module', exports: './index.js' }),
  )
  writeFileSync(
    join(path, 'node_modules/perdure/index.js'),
    `export * from ${JSON.stringify(pathToFileURL(runtimeIndex).href)}`,
  )
  symlinkSync(xstateDirectory(), join(path, 'node_modules/xstate'))
  writeFileSync(
    join(path, file),
    `import { assign, setup } from 'xstate'
    import { defineActor, PerdureError } from 'perdure'
    import { step } from './step.js'
    const machine = setup({
      types: { context: {} as { n: number }, events: {} as { type: 'INC' } },
    }).createMachine({
      id: 'counter',
      context: { n: 0 },
      on: { INC: { actions: assign({ n: ({ context }) => context.n + step }) } },
    })
    export const counter = defineActor({ machine, version: '1', create: () => undefined })
    export const wrongKind: unknown = PerdureError`,
  )
  writeStep(path, 1)
  return join(path, file)
}

function writeStep(path: string, step: number): void {
  writeFileSync(join(path, 'step.ts'), `export const step: number = ${step}\n`)
}

function xstateDirectory(): string {
  return dirname(fileURLToPath(import.meta.resolve('xstate/package.json')))
}

async function countedBy(data: string): Promise<number> {
  const { stdout, stderr, code } = await perdure(data, 'ask', 'counter/c', 'INC', '--json')
  assert.equal(code, 0, stderr)
  return (JSON.parse(stdout) as { snapshot: { context: { n: number } } }).snapshot.context.n
}

describe('perdure start', () => {
  const kinds = [
    ['an ES module package', 'esm', { type: 'module' }, 'counter.ts'],
    ['a CommonJS package', 'cjs', {}, 'counter.ts'],
    ['a CommonJS package, as .mts', 'mts', {}, 'counter.mts'],
  ] as const
  for (const [what, name, manifest, file] of kinds)
    it(`runs TypeScript of ${what}`, async () => {
      const data = join(directory, `data-${name}`)
      const one = new Running(data, ['start', userPackage(name, manifest, file)])
      runs.push(one)
      await one.printed(/runs counter@1 on /)
      assert.equal(await countedBy(data), 1)
      const { code, stderr } = await one.stop('SIGINT')
      assert.deepEqual([code, stderr], [0, ''])
    })

  it('says who holds a directory, and that a port is taken', async () => {
    const module = userPackage('held', { type: 'module' })
    const data = join(directory, 'data-held')
    const one = new Running(data, ['start', module, '--http', '0'])
    runs.push(one)
    await one.printed(/runs counter@1 on .*\n/)
    const port = /127\.0\.0\.1:(\d+)/.exec(one.seen.stdout)?.[1] ?? ''
    const sharing = await perdure(join(directory, 'data-sharing'), 'start', module, '--http', port)
    assert.equal(sharing.code, 3, sharing.stderr)
    assert.match(sharing.stderr, new RegExp(`^perdure: --http: cannot listen on 127.0.0.1:${port} .*\n$`))
    const other = await perdure(data, 'start', module)
    assert.equal(other.code, 3, other.stderr)
    assert.match(other.stderr, new RegExp(`^perdure: .*${one.process.pid}.*\n$`))
    await one.stop('SIGTERM')
  })
})

describe('perdure dev', () => {
  it('goes on with the same actors after an edit, and stops when told', async () => {
    const module = userPackage('dev', { type: 'module' })
    const data = join(directory, 'data-dev')
    const dev = new Running(data, ['dev', module, '--http', '0'])
    runs.push(dev)
    await dev.printed(/runs counter@1 on .*HTTP at/)
    assert.equal(await countedBy(data), 1)
    writeStep(dirname(module), 10)
    await dev.printed(/runs counter@1 on [\s\S]*runs counter@1 on /)
    assert.equal(await countedBy(data), 11)
    const { code } = await dev.stop('SIGINT')
    assert.equal(code, 0)
    const { stdout } = await perdure(data, 'stats', '--json')
    assert.equal((JSON.parse(stdout) as { mode: string }).mode, 'offline', 'nothing runs on')
  })
})
