/**
 * What a stretch of a shard's journal comes to, so that copies can be held against each other without sending them:
 * entries as they are kept, and the records of the actors in them that nothing has changed since.
 */
import type { Address } from '../../actors/address.js'
import { digest } from '../../actors/digest.js'
import type { Journal } from '../../actors/journal.js'

export interface DigestRequest {
  readonly shard: number
  /** Positions: the first of the stretch is the one behind `after`, the last is `to`. */
  readonly after: number
  readonly to: number
}

export interface CopyDigest {
  /** Entries there are of the stretch, and the position of the first; after `to` when there is none. */
  readonly entries: number
  readonly first: number
  readonly digest: string
  /** By address, of actors whose last entry is at `to` or before. */
  readonly records: Readonly<Record<Address, string>>
}

/** Reads and decodes all of the stretch: whoever asks keeps it short. */
export function copyDigest(
  journal: Pick<Journal, 'commits' | 'read'>,
  { after, to }: Omit<DigestRequest, 'shard'>,
): CopyDigest {
  const entries: string[] = []
  const addresses = new Set<Address>()
  let first = to + 1
  for (const commit of journal.commits(after)) {
    if (commit.first > to) break
    for (const entry of commit.entries) {
      if (entry.position <= after || entry.position > to) continue
      first = Math.min(first, entry.position)
      entries.push(digest(entry))
      addresses.add(entry.address)
    }
  }
  const records = [...addresses].flatMap(address => {
    const record = journal.read(address)?.record
    return record === undefined || record.position > to ? [] : [[address, digest(record)] as const]
  })
  return { entries: entries.length, first, digest: digest(entries), records: Object.fromEntries(records) }
}
