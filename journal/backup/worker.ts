/** The thread that a backup or a restore is done in: one task, one answer, then it ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { answerOf } from '../threads/in-worker.js'
import { runTask, type Task } from './tasks.js'

const task = workerData as Task
// What may fail for want of room is what is written.
parentPort?.postMessage(await answerOf(task.to, () => runTask(task)))
