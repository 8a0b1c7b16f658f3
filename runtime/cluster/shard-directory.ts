/**
 * The directories of a member's shards: opened, and set aside when what they hold is not the shard's any more. Nothing
 * is ever deleted here: what was set aside is read with the command line, as any journal at rest.
 */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { toErrorValue } from '../../actors/codec.js'
import { SetupError, type SetupErrorCode } from '../../actors/errors.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { openJournal } from '../../journal/index.js'
import { type DataDirectory, openDataDirectory } from '../embedded/data-directory.js'

/** What is wrong with a copy, and not with the place where it is: the log of the cluster has all of it. */
const DAMAGED: readonly SetupErrorCode[] = ['JournalTruncated', 'JournalCorrupt']

export type ShardDirectorySite = Omit<DataDirectory, 'acceptLoss' | 'durability'>

/**
 * Opens a shard's journal; an empty one instead of one that is damaged.
 * @param site whose path is the member's.
 */
export function openShard(shard: number, site: ShardDirectorySite): Journal {
  const path = shardDirectory(shard, site)
  mkdirSync(path, { recursive: true })
  const open = () => openDataDirectory({ ...site, path, durability: 'normal' })
  try {
    return open()
  } catch (error) {
    if (!(error instanceof SetupError) || !DAMAGED.includes(error.code)) throw error
    const aside = setAside(shard, 'damaged', site)
    site.logger.error(
      { shard, aside, error: toErrorValue(error) },
      'a damaged journal was set aside; the shard is read again from the log',
    )
    mkdirSync(path, { recursive: true })
    return open()
  }
}

/** Gives a shard's directory another name, with what it is for in it. Answers where it is then. */
export function setAside(shard: number, why: string | number, site: ShardDirectorySite): string {
  const path = shardDirectory(shard, site)
  for (let copy = 1; ; copy++) {
    const aside = `${path}.set-aside-${why}${copy === 1 ? '' : `-${copy}`}`
    if (existsSync(aside)) continue
    renameSync(path, aside)
    return aside
  }
}

/** The newest life of the log that any journal of a member knows of; 0 for none. */
export function highestIncarnation(path: string, limits: Limits): number {
  const shards = readdirSync(path).filter(name => /^shard-\d+$/.test(name))
  return shards.reduce((highest, name) => {
    if (!existsSync(join(path, name, 'journal.db'))) return highest
    const journal = openJournal({ path: join(path, name), readOnly: true, limits })
    try {
      return Math.max(highest, journal.logPosition?.incarnation ?? 0)
    } finally {
      journal.close()
    }
  }, 0)
}

/** Whether there is anything of the shard here. */
export function hasJournal(shard: number, site: Pick<ShardDirectorySite, 'path'>): boolean {
  return existsSync(join(shardDirectory(shard, site), 'journal.db'))
}

/** Copied to move the shard, removed to drop it. */
export function shardDirectory(shard: number, { path }: Pick<ShardDirectorySite, 'path'>): string {
  return join(path, `shard-${shard}`)
}
