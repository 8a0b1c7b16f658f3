/** Images of journals as files, made and opened in a thread of their own: no commit and no step waits for it. */
import type { ImageFacts } from '../../actors/image.js'
import { inWorker } from '../threads/in-worker.js'
import type { MakeTask } from './make-image.js'
import type { OpenTask } from './open-image.js'

const program = new URL('./worker.js', import.meta.url)

/**
 * Packs what the shard in a directory goes on from into a file, as of its last commit, whoever works on it meanwhile.
 * @throws SetupError `JournalCorrupt`, `JournalFull`, `DirectoryUnwritable`: there is no file then; the signal's
 * reason: there may be part of one, and of `<file>.db`.
 */
export function packImage(directory: string, file: string, signal?: AbortSignal): Promise<ImageFacts> {
  const task: MakeTask = { kind: 'make', from: directory, file }
  return inWorker<ImageFacts>(program, task, 'the making of an image', signal)
}

/**
 * Makes the journal of an image in an empty directory.
 * @throws SetupError `JournalCorrupt` when it is not what its facts say, `JournalTooNew` when a later release made it.
 */
export function unpackImage(file: string, facts: ImageFacts, directory: string): Promise<void> {
  const task: OpenTask = { kind: 'open', file, to: directory, facts }
  return inWorker<void>(program, task, 'the opening of an image')
}
