/**
 * A process of the cluster bench and whoever started it: questions by name over Node's channel between them, one at a
 * time, each answered.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Answers to questions by their names, in the process that was started. */
export function answering(answers: Readonly<Record<string, () => unknown>>): void {
  process.on('message', (question: string) => {
    void Promise.resolve(answers[question]?.()).then(answer => process.send?.({ answer }))
  })
  process.send?.({ answer: 'ready' })
}

export class Peer {
  readonly #name: string
  readonly #child: ChildProcess

  private constructor(name: string, child: ChildProcess) {
    this.#name = name
    this.#child = child
  }

  /**
   * Resolves when it is ready.
   * @param profiles directory to leave a profile of its processor time in.
   */
  static async start(program: string, setting: object, profiles: string | undefined): Promise<Peer> {
    const profiling = profiles === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profiles]
    const execArgv = [...process.execArgv, ...profiling]
    const path = fileURLToPath(new URL(program, import.meta.url))
    const peer = new Peer(
      program,
      fork(path, [JSON.stringify(setting)], { execArgv, serialization: 'advanced' }),
    )
    await peer.#answered()
    return peer
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  ask<Answer>(question: string): Promise<Answer> {
    this.#child.send(question)
    return this.#answered() as Promise<Answer>
  }

  /** Lets it end by itself: what it was asked last made it. */
  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #answered(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const take = ({ answer }: { answer: unknown }) => {
        this.#child.off('exit', gone)
        resolve(answer)
      }
      const gone = (code: number | null, signal: string | null) => {
        this.#child.off('message', take)
        reject(new Error(`${this.#name} ended with ${signal ?? code} before it answered`))
      }
      this.#child.once('message', take).once('exit', gone)
    })
  }
}
