/**
 * Images of journals as files, made and opened in a thread of their own: no commit and no step waits for it. The thread
 * is there while there is work for it, and does what is asked for at once side by side.
 */
import { Worker } from 'node:worker_threads'
import type { ImageFacts } from '../../actors/image.js'
import { type Answer, outcomeOf } from '../threads/in-worker.js'
import type { MakeTask } from './make-image.js'
import type { OpenTask } from './open-image.js'

export type ImageTask = { readonly number: number } & (MakeTask | OpenTask)
export type ImageAnswer = Answer<ImageFacts | undefined> & { readonly number: number }

interface Waiting {
  readonly what: string
  readonly settle: (answer: Answer<ImageFacts | undefined>) => void
}

export class ImageFiles {
  #worker: Worker | undefined
  #numbers = 0
  readonly #waiting = new Map<number, Waiting>()

  /**
   * Packs what the shard in a directory goes on from into a file, as of its last commit, whoever works on it meanwhile.
   * @throws SetupError `JournalCorrupt`, `JournalFull`, `DirectoryUnwritable`: there is no file then. Error when it was
   * closed meanwhile: there may be part of one, and of `<file>.db`.
   */
  async pack(directory: string, file: string): Promise<ImageFacts> {
    return (await this.#do({ kind: 'make', from: directory, file }, 'the making of an image'))!
  }

  /**
   * Makes the journal of an image in an empty directory.
   * @throws SetupError `JournalCorrupt` when it is not what its facts say, `JournalTooNew` when a later release made it,
   * `JournalFull`.
   */
  async unpack(file: string, facts: ImageFacts, directory: string): Promise<void> {
    await this.#do({ kind: 'open', file, to: directory, facts }, 'the opening of an image')
  }

  /** Ends what is under way. Resolves when no file is read or written any more. */
  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #do(task: MakeTask | OpenTask, what: string): Promise<ImageFacts | undefined> {
    this.#worker ??= this.#start()
    const worker = this.#worker
    const number = ++this.#numbers
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, {
        what,
        settle: answer => {
          const outcome = outcomeOf(answer, what)
          if ('error' in outcome) reject(outcome.error)
          else resolve(outcome.done)
        },
      })
      const order: ImageTask = { number, ...task }
      worker.postMessage(order)
    })
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { execArgv: [], env: {} })
    worker.on('message', ({ number, ...answer }: ImageAnswer) => {
      const waiting = this.#waiting.get(number)
      this.#waiting.delete(number)
      if (this.#waiting.size === 0) this.#end(worker)
      waiting?.settle(answer)
    })
    let failure = 'it was closed'
    worker.on('error', error => {
      failure = String(error)
    })
    worker.on('exit', () => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      for (const { settle } of this.#waiting.values()) settle({ failed: `its thread ended: ${failure}` })
      this.#waiting.clear()
    })
    return worker
  }

  /** What comes next begins another. */
  #end(worker: Worker): void {
    this.#worker = undefined
    void worker.terminate()
  }
}
