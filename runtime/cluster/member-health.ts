/** Whether a member is worth asking, for whoever watches over it (`/healthz`, `/readyz`). */
import type { Health } from '../http/handler.js'
import type { ClusterMember } from './cluster-member.js'

type WatchedMember = Pick<ClusterMember, 'membership' | 'shards' | 'broken' | 'isConnected' | 'isStopping'>

/** Ready: it is connected, its lease holds, and all shards that are meant for it are taken up. */
export function memberHealth({ membership, shards, broken, isConnected, isStopping }: WatchedMember): Health {
  if (isStopping) return { unready: 'the member stops' }
  if (!isConnected) return { unready: 'the member has no connection to NATS' }
  const validity = membership.validity()
  if (!validity.valid) return { unready: validity.reason }
  const owned = new Set(shards.filter(shard => shard.isOwned).map(shard => shard.number))
  const stopped = [...broken.keys()]
  if (stopped.length > 0) return { unready: `shards that cannot be brought up here: ${stopped.join(', ')}` }
  const missing = [...membership.wanted().own].filter(shard => !owned.has(shard))
  if (missing.length > 0)
    return { unready: `shards meant for this member and not taken up yet: ${missing.join(', ')}` }
  return {}
}
