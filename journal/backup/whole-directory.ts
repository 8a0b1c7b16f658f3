/**
 * A directory that is there whole or not at all: filled under another name beside it, renamed last.
 *
 * Invariant: whatever fails on the way leaves nothing. Only a process that is killed leaves `….unfinished`, which
 * nobody takes for the thing itself.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SetupError } from '../../actors/errors.js'
import { journalFiles, makeDirectory, OWNER_ONLY, syncDirectory } from '../files/directory.js'
import { assertNotHeld } from '../files/hold.js'
import { translated } from '../sqlite/database.js'

/** @throws SetupError `DirectoryHeld`, `DirectoryNotEmpty`, `DirectoryUnwritable`; whatever `fill` throws. */
export async function wholeDirectory<Filled>(
  directory: string,
  fill: (unfinished: string) => Promise<Filled>,
): Promise<Filled> {
  const target = resolve(directory)
  assertFree(target)
  makeDirectory(dirname(target))
  const unfinished = `${target}.unfinished`
  begin(unfinished)
  try {
    const filled = await fill(unfinished)
    syncDirectory(journalFiles(unfinished).journal)
    // Again: time has passed, and a runtime may have begun there.
    assertFree(target)
    rmSync(target, { recursive: true, force: true })
    renameSync(unfinished, target)
    syncDirectory(target)
    return filled
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    throw translated(error, journalFiles(target).journal)
  }
}

function begin(unfinished: string): void {
  try {
    mkdirSync(unfinished, { mode: OWNER_ONLY })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST')
      throw translated(error, journalFiles(unfinished).journal)
    throw new SetupError(
      'DirectoryNotEmpty',
      `${unfinished} is there: either someone is at work on it now, or was killed in it; then remove it`,
      { directory: unfinished },
    )
  }
}

/** It does not exist, or is an empty directory that can be replaced. */
function assertFree(target: string): void {
  const stat = statSync(target, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isDirectory())
    throw new SetupError('DirectoryUnwritable', `${target} is a file: expected a new or empty directory`, {
      directory: target,
    })
  const [found] = readdirSync(target)
  if (found !== undefined) {
    assertNotHeld(target)
    throw new SetupError(
      'DirectoryNotEmpty',
      `${target} is not empty: expected a new or empty directory, found '${found}' in it`,
      { directory: target, found },
    )
  }
  if (stat.dev !== statSync(dirname(target)).dev)
    throw new SetupError(
      'DirectoryUnwritable',
      `${target} is where a disk is mounted, which cannot be replaced: name a directory in it`,
      { directory: target },
    )
}
