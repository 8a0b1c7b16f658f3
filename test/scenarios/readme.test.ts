/**
 * The README's five minutes as a reader has them: each file written as it stands there, each command run as
 * it stands there, in a folder with nothing but the package and XState.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const project = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const readme = readFileSync(join(project, 'README.md'), 'utf8')
const blocks = new Map(
  [...readme.matchAll(/^```(?:ts|sh) (.+)\n([\s\S]*?)^```$/gm)].map(([, title, text]) => [title, text]),
)
const run = promisify(execFile)

suite('the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perdure-readme-'))
  const env = { ...process.env, PATH: `${join(folder, 'node_modules', '.bin')}:${process.env.PATH}` }
  let runtime: ChildProcess

  before(async () => {
    furnish(folder)
    runtime = await started(block('terminal 1').replace('--stately', '--stately 0'), folder, env)
  })
  after(async () => {
    await stopped(runtime)
    rmSync(folder, { recursive: true, force: true })
  })

  test('has files that mean what they say to TypeScript', async () => {
    await run('tsc', ['--noEmit', '--project', folder], { env })
  })

  test('speaks from one terminal to what runs in the other', async () => {
    const shown = []
    for (const command of commandsIn('terminal 2')) shown.push((await shell(command, folder, env)).stdout)
    const [created = '', asked = '', history = '', list = ''] = shown
    assert.match(created, /approval/)
    assert.match(asked, /paid/)
    for (const what of ['APPROVE', 'charging', 'paid']) assert.ok(history.includes(what), history)
    assert.match(list, /order\/o-1/)
  })

  test('embeds the runtime once the other is stopped, and runs its test', async () => {
    await stopped(runtime)
    const [service = '', tests = ''] = commandsIn('afterwards')
    assert.equal((await shell(service, folder, env)).stdout, 'click 1: paid\nclick 2: paid (asked before)\n')
    assert.match((await shell(tests, folder, env)).stdout, /^# pass 1$/m)
  })
})

function block(title: string): string {
  const text = blocks.get(title)
  assert.ok(text !== undefined, `README.md has no block '${title}': it has ${[...blocks.keys()].join(', ')}`)
  return text
}

/** What an installation leaves in a new folder, and the README's files. */
function furnish(folder: string): void {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  symlinkSync(project, join(modules, 'perdure'))
  for (const name of ['xstate', '@types', 'tsx', 'undici-types'])
    symlinkSync(join(project, 'node_modules', name), join(modules, name))
  for (const name of ['tsc', 'tsx'])
    symlinkSync(join(project, 'node_modules', '.bin', name), join(modules, '.bin', name))
  symlinkSync(join(project, 'dist', 'runtime', 'cli', 'main.js'), join(modules, '.bin', 'perdure'))
  writeFileSync(join(folder, 'package.json'), '{"name":"tour","version":"1.0.0","type":"module"}')
  const options = { strict: true, target: 'es2023', module: 'nodenext', types: ['node'], skipLibCheck: true }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
  for (const file of ['orders.ts', 'service.ts', 'orders.test.ts'])
    writeFileSync(join(folder, file), block(file))
}

function commandsIn(title: string): readonly string[] {
  return block(title).trim().split('\n').map(local)
}

/** `npx` would look for a newer one; what it would find is on the path. */
function local(command: string): string {
  return command.trim().replace(/^npx (perdure )?/, (_, name) => (name === undefined ? '' : `node ${bin()} `))
}

function bin(): string {
  return join('node_modules', '.bin', 'perdure')
}

async function shell(command: string, cwd: string, env: NodeJS.ProcessEnv) {
  const { NODE_TEST_CONTEXT, ...outside } = env
  return await run('sh', ['-c', command], { cwd, env: outside })
}

/** A command that goes on: resolves once it has said where it can be reached. */
async function started(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const [program = '', ...args] = local(command).split(' ')
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  const failed = new Promise<never>((_, reject) => {
    child.once('exit', code =>
      reject(new Error(`'${command.trim()}' ended with ${code}:\n${said.join('\n')}`)),
    )
  })
  failed.catch(() => {})
  const lines = [child.stdout, child.stderr].map(stream => createInterface({ input: stream }))
  const ready = new Promise<void>(resolve => {
    for (const line of lines)
      line.on('line', text => {
        said.push(text)
        if (/order/.test(text)) resolve()
      })
  })
  await Promise.race([ready, failed])
  return child
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
