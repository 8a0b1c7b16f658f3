/** One task done in a thread of its own: what is asked for, and how it is answered across the threads. */
import { Worker } from 'node:worker_threads'
import { SetupError } from '../../actors/errors.js'
import { translated } from '../sqlite/database.js'

export type Answer<Done> =
  | { readonly done: Done }
  | { readonly refused: Pick<SetupError, 'code' | 'message' | 'details'> }
  | { readonly failed: string }

/**
 * @param program of the thread: it posts one answer.
 * @param what is done, for people.
 * @throws SetupError as the task does; the signal's reason. Nothing is written any more once it has thrown.
 */
export async function inWorker<Done>(
  program: URL,
  task: unknown,
  what: string,
  signal?: AbortSignal,
): Promise<Done> {
  const worker = new Worker(program, { workerData: task, execArgv: [], env: {} })
  let stop = () => {}
  try {
    return await new Promise<Done>((resolve, reject) => {
      stop = () => reject(signal?.reason)
      signal?.addEventListener('abort', stop)
      worker.once('message', (answer: Answer<Done>) => {
        const outcome = outcomeOf(answer, what)
        if ('error' in outcome) reject(outcome.error)
        else resolve(outcome.done)
      })
      worker.once('error', reject)
      worker.once('exit', code => reject(new Error(`the thread of ${what} ended with ${code}`)))
    })
  } finally {
    signal?.removeEventListener('abort', stop)
    // It writes no more once this has resolved: what is left can be removed.
    await worker.terminate()
  }
}

/** What an answer means on this side. @param what was done, for people. */
export function outcomeOf<Done>(
  answer: Answer<Done>,
  what: string,
): { readonly done: Done } | { readonly error: Error } {
  if ('done' in answer) return answer
  if ('failed' in answer) return { error: new Error(`${what} failed: ${answer.failed}`) }
  const { code, message, details } = answer.refused
  return { error: new SetupError(code, message, details) }
}

/** What the thread posts. @param place what a failure of the disk is about. */
export async function answerOf<Done>(place: string, work: () => Promise<Done>): Promise<Answer<Done>> {
  try {
    return { done: await work() }
  } catch (error) {
    const known = translated(error, place)
    if (known instanceof SetupError)
      return { refused: { code: known.code, message: known.message, details: known.details } }
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
