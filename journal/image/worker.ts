/** The thread that images are made and opened in: an answer to each task, by its number. */
import { parentPort } from 'node:worker_threads'
import { journalFiles } from '../files/directory.js'
import { answerOf } from '../threads/in-worker.js'
import type { ImageAnswer, ImageTask } from './image-files.js'
import { makeImage } from './make-image.js'
import { openImage } from './open-image.js'

parentPort?.on('message', async ({ number, ...task }: ImageTask) => {
  const answer =
    task.kind === 'make'
      ? await answerOf(task.file, () => makeImage(task))
      : await answerOf(journalFiles(task.to).journal, async () => {
          await openImage(task)
          return undefined
        })
  parentPort?.postMessage({ number, ...answer } satisfies ImageAnswer)
})
