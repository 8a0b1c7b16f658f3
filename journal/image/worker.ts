/** The thread that an image is made or opened in: one task, one answer, then it ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { journalFiles } from '../files/directory.js'
import { answerOf } from '../threads/in-worker.js'
import { type MakeTask, makeImage } from './make-image.js'
import { type OpenTask, openImage } from './open-image.js'

const task = workerData as MakeTask | OpenTask
parentPort?.postMessage(
  task.kind === 'make'
    ? await answerOf(task.file, () => makeImage(task))
    : await answerOf(journalFiles(task.to).journal, () => openImage(task)),
)
