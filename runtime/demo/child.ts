/**
 * A process forked from this one: its messages, and its end as a promise.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export class Child<Heard, Said extends object> {
  readonly ended: Promise<Ended>
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, onMessage: (message: Heard) => void) {
    this.#process = process
    process.on('message', onMessage)
    // A message to one that has just been killed: its end is told by `ended`.
    process.on('error', () => {})
    this.ended = once(process, 'exit').then(([code, signal]) => ({ code, signal }))
  }

  /** What it writes to its standard output and error goes to the file at `log`. */
  static async start<Heard, Said extends object>(
    module: URL,
    args: readonly string[],
    log: string,
    onMessage: (message: Heard) => void,
  ): Promise<Child<Heard, Said>> {
    const file: FileHandle = await open(log, 'a')
    try {
      const process = fork(fileURLToPath(module), args, {
        serialization: 'advanced',
        stdio: ['ignore', file.fd, file.fd, 'ipc'],
        // Ctrl-C is for the supervisor: what becomes of its children it decides.
        detached: true,
      })
      return new Child(process, onMessage)
    } finally {
      await file.close()
    }
  }

  say(message: Said): void {
    if (this.#process.connected) this.#process.send(message, () => {})
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}
