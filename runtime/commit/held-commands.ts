/**
 * Commands that an earlier process left pending for actors whose version this runtime was not given. They are
 * neither stepped nor lost: each commit carries them on, until a runtime comes that has the version. An ask
 * is not held: its asker is told at once.
 */
import { idOf } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { Journal } from '../../actors/journal.js'
import type { ShardHostOptions } from '../shard-host-options.js'
import type { Bindings } from '../step/bindings.js'

export interface SortedPending {
  /** What can be stepped, in order. */
  readonly pending: readonly Command[]
  readonly held: readonly Command[]
}

export function sortPending({
  journal,
  bindings,
  logger,
}: Pick<ShardHostOptions, 'journal' | 'bindings' | 'logger'>): SortedPending {
  const pending: Command[] = []
  const held: Command[] = []
  for (const command of journal.pending())
    (isVersionMissing(command, journal, bindings) ? held : pending).push(command)
  if (held.length > 0)
    logger.warn({ commands: held.length }, 'commands wait for a version that was not given')
  return { pending, held }
}

function isVersionMissing(command: Command, journal: Journal, bindings: Bindings): boolean {
  if (command.kind === 'message' && command.ask !== undefined) return false
  const version = versionOf(command, journal)
  return version !== undefined && !bindings.hasVersion(idOf(command.target).type, version)
}

function versionOf(command: Command, journal: Journal): string | undefined {
  if (command.kind === 'operator' && command.order.type === 'spawn') return command.order.version
  try {
    return journal.read(command.target)?.record.version
  } catch {
    // Damaged: whoever steps it finds that out, and says so.
    return undefined
  }
}
