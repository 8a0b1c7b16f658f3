/** The thread that a backup or a restore is done in: one task, one answer, then it ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { SetupError } from '../../actors/errors.js'
import type { BackedUp } from '../../actors/journal.js'
import { translated } from '../sqlite/database.js'
import { runTask, type Task } from './tasks.js'

export type Answer =
  | { readonly done: BackedUp }
  | { readonly refused: Pick<SetupError, 'code' | 'message' | 'details'> }
  | { readonly failed: string }

const task = workerData as Task
parentPort?.postMessage(await answer())

async function answer(): Promise<Answer> {
  try {
    return { done: await runTask(task) }
  } catch (error) {
    // What may fail for want of room is what is written.
    const known = translated(error, task.to)
    if (known instanceof SetupError)
      return { refused: { code: known.code, message: known.message, details: known.details } }
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
