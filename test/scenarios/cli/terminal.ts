/**
 * A terminal for the tests of the command line: runs `perdure`, and writes down what was seen so that it is
 * the same on every machine and every day.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../runtime/cli/main.js', import.meta.url))
export const shop = fileURLToPath(new URL('./shop.js', import.meta.url))

export interface Seen {
  readonly args: readonly string[]
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Spawns that run at once: the machine is shared. */
const atOnceMax = 2
let running = 0
const waiting: (() => void)[] = []

/** Runs a command to its end. */
export async function perdure(path: string | undefined, ...args: string[]): Promise<Seen> {
  while (running >= atOnceMax) await new Promise<void>(resolve => waiting.push(resolve))
  running++
  try {
    return await new Running(path, args).ended()
  } finally {
    running--
    waiting.shift()?.()
  }
}

/** A command that goes on until it is stopped. */
export class Running {
  readonly process: ChildProcess
  readonly #args: readonly string[]
  readonly #exit: Promise<unknown[]>
  #stdout = ''
  #stderr = ''
  #onOutput = () => {}

  constructor(path: string | undefined, args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv) {
    this.#args = args
    const { PERDURE_PATH: _, NO_COLOR: __, FORCE_COLOR: ___, COLUMNS: ____, ...rest } = process.env
    this.process = spawn(process.execPath, [main, ...args], {
      env: { ...rest, ...env, ...(path === undefined ? {} : { PERDURE_PATH: path }) },
      stdio: ['ignore', 'pipe', 'pipe'],
      // What hangs fails the test that waits for it.
      timeout: 60_000,
      killSignal: 'SIGKILL',
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.#exit = once(this.process, 'close')
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#onOutput()
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#onOutput()
    })
  }

  get seen(): Seen {
    return { args: this.#args, code: this.process.exitCode, stdout: this.#stdout, stderr: this.#stderr }
  }

  async ended(): Promise<Seen> {
    await this.#exit
    return this.seen
  }

  /** Resolves once it has printed what fits. @throws Error when it ends before. */
  async printed(pattern: RegExp): Promise<void> {
    const told = new Promise<void>(resolve => {
      this.#onOutput = () => {
        if (pattern.test(this.#stdout)) resolve()
      }
      this.#onOutput()
    })
    const over = this.#exit.then(() => {
      if (!pattern.test(this.#stdout))
        throw new Error(`ended without ${pattern}: ${this.#stdout}${this.#stderr}`)
    })
    await Promise.race([told, over])
  }

  stop(signal: NodeJS.Signals): Promise<Seen> {
    this.process.kill(signal)
    return this.ended()
  }
}

/** What differs from run to run, and what stands for it: as wide, where it may stand in a column. */
const differing: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, () => 'YYYY-MM-DD hh:mm:ssZ'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, () => 'YYYY-MM-DDThh:mm:ss.mmmZ'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, () => '<uuid>'],
  [/"[0-9a-f]{32}"/g, () => '"<fingerprint>"'],
  [/\b1[789]\d{11}\b/g, () => '<ms>'],
  [/"uptimeMs":\d+/g, () => '"uptimeMs":<ms>'],
  [/("pid":|\bpid )\d+/g, found => found.replace(/\d+/, '<pid>')],
  [/"bytes":\d+/g, () => '"bytes":<bytes>'],
  [/(\bbytes +|\()[\d,]{4,}/g, found => found.replace(/[\d,]+/, '<bytes>')],
  [/"actorsInMemory":\d+|\bactors in memory +\d+/g, found => found.replace(/\d+/, '<n>')],
  [/127\.0\.0\.1:\d+/g, () => '127.0.0.1:<port>'],
  [/perdure \d+\.\d+\.\d+[\w.-]*/g, () => 'perdure <version>'],
  [/"perdure":"\d+\.\d+\.\d+[\w.-]*"/g, () => '"perdure":"<version>"'],
]

/** A transcript: the command, what it printed, what it complained of (`!`) and its exit code (`=`). */
export function transcript(
  { args, code, stdout, stderr }: Seen,
  names: Readonly<Record<string, string>>,
): string {
  const line = `$ perdure ${args.map(quoted).join(' ')}`
  const complaint = stderr.replace(/^(?=.)/gm, '! ')
  let text = `${line.trimEnd()}\n${stdout}${complaint}= ${code}\n`
  for (const [found, name] of Object.entries(names)) text = text.replaceAll(found, stoodFor(found, name))
  for (const [pattern, stand] of differing) text = text.replace(pattern, stand)
  return text
}

/** Ids stand in columns, so their names are as wide; paths do not. */
function stoodFor(found: string, name: string): string {
  return found.includes('/') ? `<${name}>` : `<${name.padEnd(found.length - 2, '.')}>`
}

function quoted(arg: string): string {
  return /^[\w./:@%=,~#<>-]+$/.test(arg) ? arg : `'${arg}'`
}
