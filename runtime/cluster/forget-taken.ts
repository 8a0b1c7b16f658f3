/** Commands that the shards owned here have committed are purged from their stream, now and then. */
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { InboxPosition } from '../../actors/commit.js'
import type { Limits } from '../../actors/limits.js'
import type { CommandsRetention } from '../../cluster/index.js'
import type { HostLogger } from '../shard-host-options.js'

interface ForgetSite {
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  readonly retention: CommandsRetention
}

/**
 * @param places how far each shard is by then.
 * @returns ends it.
 */
export function forgetTaken(
  { clock, limits, logger, retention }: ForgetSite,
  places: () => ReadonlyMap<number, InboxPosition>,
): () => void {
  let isOver = false
  let cancel = () => {}
  const later = () => {
    cancel = clock.after(limits.commandsPurgeMs, () => void now())
  }
  const now = async () => {
    await retention
      .forget(places())
      .catch((error: unknown) =>
        logger.warn({ error: toErrorValue(error) }, 'taken commands were not purged'),
      )
    if (!isOver) later()
  }
  later()
  return () => {
    isOver = true
    cancel()
  }
}
