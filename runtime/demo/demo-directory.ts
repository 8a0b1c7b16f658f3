/**
 * Where a demo keeps its files: the journal in a directory of its own, beside it what the outside world
 * wrote and what the runtime process had to say.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { SetupError } from '../../actors/errors.js'

export function journalDirectory(directory: string): string {
  return join(directory, 'journal')
}

export function ledgerFile(directory: string): string {
  return join(directory, 'ledger.ndjson')
}

export function logFile(directory: string): string {
  return join(directory, 'runtime.log')
}

export interface DemoDirectory {
  readonly path: string
  readonly isKept: boolean
  /** Removes it, unless it was asked for by name or is to be kept. */
  leave(): Promise<void>
}

/**
 * The directory asked for, which must be new or empty, or else a temporary one.
 * @throws SetupError `DirectoryNotEmpty` when there is something in it.
 */
export async function openDemoDirectory(options: { path?: string; keep?: boolean }): Promise<DemoDirectory> {
  if (options.path === undefined) {
    const path = await mkdtemp(join(tmpdir(), 'perdure-demo-'))
    const leave = async () => {
      if (!options.keep) await rm(path, { recursive: true, force: true })
    }
    return { path, isKept: options.keep === true, leave }
  }
  const path = resolve(options.path)
  await mkdir(path, { recursive: true })
  const found = await readdir(path)
  if (found.length > 0)
    throw new SetupError(
      'DirectoryNotEmpty',
      `${path}: expected a new or empty directory, found ${found.slice(0, 3).join(', ')}`,
      { path },
    )
  return { path, isKept: true, leave: async () => {} }
}
