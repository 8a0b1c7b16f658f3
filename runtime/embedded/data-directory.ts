/**
 * Opens the journal of a data directory to run on it.
 */
import type { Clock } from '../../actors/clock.js'
import type { Journal } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import { type Durability, type Holder, type JournalThread, openJournal } from '../../journal/index.js'
import type { HostLogger } from '../shard-host-options.js'

export interface DataDirectory {
  readonly path: string
  readonly limits: Limits
  readonly logger: HostLogger
  readonly clock: Clock
  /** How this process is named to the next one that wants the directory. */
  readonly holder: Omit<Holder, 'since'>
  readonly acceptLoss?: boolean
  /** `full` unless something else, like the log of a cluster, makes commits durable. */
  readonly durability?: Durability
  /** Whether the disk is left to a thread of its own; without it a call returns when all is done. */
  readonly ownThread?: boolean
  /** A thread that writes other journals besides: instead of one of its own. */
  readonly sharedThread?: JournalThread
}

/** Held exclusively until closed. @throws SetupError */
export function openDataDirectory(options: DataDirectory): Journal {
  const {
    path,
    limits,
    logger,
    clock,
    holder,
    acceptLoss,
    durability,
    ownThread = false,
    sharedThread,
  } = options
  return openJournal({
    path,
    limits,
    ownThread,
    holder: { ...holder, since: clock.now() },
    onDamage: damage => logger.error({ damage }, 'part of the journal is damaged and was skipped'),
    ...(acceptLoss === undefined ? {} : { acceptLoss }),
    ...(sharedThread === undefined ? {} : { sharedThread }),
    ...(durability === undefined ? {} : { durability }),
  })
}
