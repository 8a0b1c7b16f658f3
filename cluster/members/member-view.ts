/** Members as whoever asks about the cluster is shown them. */
import type { LivingMember } from './living.js'
import type { ShardTable } from './shard-table.js'

export interface MemberView {
  readonly id: string
  readonly since: number
  readonly program: string
  readonly host: string
  readonly pid: number
  readonly versions: Readonly<Record<string, string>>
  readonly weight: number
  /** Meant for no shard: it leaves, or its clock is off. */
  readonly draining: boolean
  readonly skewed: boolean
  /** Since when nothing new was heard of it, in ms. */
  readonly silentMs: number
  /** What the table names it for. */
  readonly shards: readonly number[]
}

/** @param now by the steady clock. */
export function viewsOf(members: readonly LivingMember[], table: ShardTable, now: number): MemberView[] {
  return members.map(({ record, life, observedMs }) => {
    const { id, since, program, host, pid, versions, weight, draining, skewed } = record
    const shards = Array.from({ length: table.shards }, (_, shard) => shard).filter(shard => {
      const entry = table.get(shard)?.value
      return entry?.owner === id && entry.life === life
    })
    const about = { id, since, program, host, pid, versions, weight, draining, skewed }
    return { ...about, silentMs: now - observedMs, shards }
  })
}
