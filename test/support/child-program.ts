/** A program of the tests in a process of its own, which says a line when it is ready, and more as it likes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface ChildSetting {
  /** Besides the environment here. */
  readonly env?: Readonly<Record<string, string>>
  /** Of node. */
  readonly execArgv?: readonly string[]
}

export class ChildProgram {
  readonly process: ChildProcess
  /** What it says, line by line, from the first on. */
  readonly output: Interface
  readonly #name: string
  readonly #exit: Promise<unknown>
  readonly #firstLine: Promise<string | undefined>

  /** @param program beside the module that asks: `new URL('./program.js', import.meta.url)` */
  constructor(program: URL, args: readonly string[], { env = {}, execArgv = [] }: ChildSetting = {}) {
    const path = fileURLToPath(program)
    this.#name = [path, ...args].join(' ')
    this.process = spawn(process.execPath, [...execArgv, path, ...args], {
      // The end of its input is the end of the test, however that came, to a program that reads it.
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    })
    this.#exit = once(this.process, 'exit')
    this.output = createInterface({ input: this.process.stdout! })
    this.#firstLine = new Promise(resolve => {
      this.output.once('line', resolve).once('close', () => resolve(undefined))
    })
  }

  /** Resolves once it is ready. */
  static async start(...program: ConstructorParameters<typeof ChildProgram>): Promise<ChildProgram> {
    const child = new ChildProgram(...program)
    await child.ready()
    return child
  }

  /**
   * Resolves with its first line.
   * @throws Error when it ends before.
   */
  async ready(): Promise<string> {
    const line = await this.#firstLine
    if (line !== undefined) return line
    throw new Error(`${this.#name} ended with ${await this.ended()} before it was ready`)
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null
  }

  /** Resolves when it is gone: with its code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.isRunning) await this.#exit
    return this.process.exitCode ?? this.process.signalCode
  }

  /** Resolves when it is gone. One that is frozen is thawed for it. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.isRunning) return
    this.process.kill(signal)
    this.process.kill('SIGCONT')
    await this.#exit
  }
}
