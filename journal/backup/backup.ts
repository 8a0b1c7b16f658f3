/**
 * A journal's backup and its restore, each into a directory that is there whole or not at all.
 *
 * Both are done in a thread of their own. A backup may be made while a runtime works: it is of one commit, holds
 * up no other, and is no kill: what runs on it later starts as after a stop in good order. While it is made the
 * write-ahead log cannot be emptied, and grows by what is committed meanwhile.
 *
 * What is restored goes on from the backup's position: attempts of activities that were owed then are made again
 * under their keys, whatever became of them since. Beside the original it would be a second life of the same actors.
 */
import type { BackedUp } from '../../actors/journal.js'
import { limits } from '../../actors/limits.js'
import { assertNotHeld } from '../files/hold.js'
import { inWorker } from '../threads/in-worker.js'
import { readManifest } from './manifest.js'
import type { Task } from './tasks.js'
import { wholeDirectory } from './whole-directory.js'

export interface CopyOptions {
  /** Ends it early; nothing is left then. */
  readonly signal?: AbortSignal
}

/**
 * Copies the journal in a directory, held or not, as of its last commit when this began.
 * @throws SetupError `DirectoryNotEmpty`, `DirectoryUnwritable`, `JournalTruncated`, `JournalCorrupt`, `JournalFull`;
 * the signal's reason.
 */
export function backupJournal(from: string, to: string, options: CopyOptions = {}): Promise<BackedUp> {
  return copy('backup', from, to, options)
}

/**
 * Makes a data directory of a backup, once every byte and every commit of it is checked.
 * @throws SetupError `JournalMissing` when there is no backup, `JournalCorrupt` or `JournalTruncated` when it is
 * damaged, `DirectoryHeld`, `DirectoryNotEmpty`, `DirectoryUnwritable`, `JournalFull`; the signal's reason.
 */
export async function restoreJournal(
  backup: string,
  directory: string,
  options: CopyOptions = {},
): Promise<BackedUp> {
  readManifest(backup)
  assertNotHeld(backup)
  return copy('restore', backup, directory, options)
}

function copy(kind: Task['kind'], from: string, to: string, { signal }: CopyOptions): Promise<BackedUp> {
  const { backupStepPages: stepPages, backupSyncBytes: syncBytes } = limits
  return wholeDirectory(to, unfinished => {
    signal?.throwIfAborted()
    const task: Task = { kind, from, to: unfinished, stepPages, syncBytes }
    return inWorker<BackedUp>(new URL('./worker.js', import.meta.url), task, `a ${kind}`, signal)
  })
}
