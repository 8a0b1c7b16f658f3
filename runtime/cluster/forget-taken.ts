/** Commands that the shards owned here have committed are purged from their stream, now and then. */
import type { Clock } from '../../actors/clock.js'
import { toErrorValue } from '../../actors/codec.js'
import type { InboxPosition } from '../../actors/commit.js'
import type { Limits } from '../../actors/limits.js'
import type { CommandsRetention } from '../../cluster/index.js'
import type { HostLogger } from '../shard-host-options.js'
import type { MemberShard } from './member-shard.js'

interface ForgetSite {
  readonly clock: Clock
  readonly limits: Limits
  readonly logger: HostLogger
  readonly retention: CommandsRetention
}

/** @returns ends it. */
export function forgetTaken(
  { clock, limits, logger, retention }: ForgetSite,
  shards: () => Iterable<MemberShard>,
): () => void {
  let isOver = false
  let cancel = () => {}
  const later = () => {
    cancel = clock.after(limits.commandsPurgeMs, () => void now())
  }
  const now = async () => {
    await retention
      .forget(placesOf(shards()))
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

/** How far those of the shards that are owned here have committed their commands. */
function placesOf(shards: Iterable<MemberShard>): Map<number, InboxPosition> {
  const places = new Map<number, InboxPosition>()
  for (const shard of shards) {
    const place = shard.isOwned ? shard.journal?.taken().find(one => one.inbox === 'commands') : undefined
    if (place !== undefined) places.set(shard.number, place)
  }
  return places
}
