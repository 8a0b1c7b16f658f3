/** What a backup says of itself, in a file beside it: whoever restores it can tell whether it is what was made. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from '../../actors/errors.js'

export interface Manifest {
  /** Position of the last entry in it. */
  readonly position: number
  /** Number of commits. */
  readonly commits: number
  /** Of journal.db. */
  readonly bytes: number
  readonly sha256: string
}

function manifestFile(directory: string): string {
  return join(directory, 'backup.json')
}

export function writeManifest(directory: string, manifest: Manifest): string {
  const file = manifestFile(directory)
  writeFileSync(file, `${JSON.stringify(manifest)}\n`)
  return file
}

/** @throws SetupError `JournalMissing` when there is no backup, `JournalCorrupt` when it does not say what it is. */
export function readManifest(directory: string): Manifest {
  const file = manifestFile(directory)
  if (!existsSync(file))
    throw new SetupError(
      'JournalMissing',
      `there is no backup in ${directory}: expected what 'backup' wrote, with its backup.json`,
      { directory },
    )
  try {
    const { position, commits, bytes, sha256 } = JSON.parse(readFileSync(file, 'utf8')) as Manifest
    if ([position, commits, bytes].every(Number.isSafeInteger) && /^[0-9a-f]{64}$/.test(sha256))
      return { position, commits, bytes, sha256 }
  } catch {
    // Said below.
  }
  throw new SetupError('JournalCorrupt', `${file} is damaged: it does not say what the backup is`, { file })
}
