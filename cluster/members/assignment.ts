/**
 * Who should own and who should stand by for each shard: rendezvous hashing (highest random weight). Every member
 * scores every shard by a hash of both; the highest score owns, the next stands by. Pure: the same members, in any
 * order, give the same answer everywhere, and nobody has to be asked.
 *
 * Invariants: a member that comes takes shards and gives none to others; one that goes leaves each of its shards to
 * that shard's standby, and no other shard changes its owner.
 */
import { createHash } from 'node:crypto'

export interface Candidate {
  readonly id: string
  /** Its share relative to the others'; 1 when absent, nothing when not above 0. */
  readonly weight?: number
}

/** Who a shard is meant for. Without members there is no owner, with one no standby. */
export interface Seat {
  readonly owner: string | undefined
  readonly standby: string | undefined
}

/** The seat of each shard, by its number. */
export function assign(candidates: readonly Candidate[], shards: number): readonly Seat[] {
  return Array.from({ length: shards }, (_, shard) => seatOf(candidates, shard))
}

function seatOf(candidates: readonly Candidate[], shard: number): Seat {
  const [owner, standby] = candidates
    .map(({ id, weight = 1 }) => ({ id, score: weight > 0 ? score(id, shard, weight) : 0 }))
    .filter(one => one.score > 0)
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
  return { owner: owner?.id, standby: standby?.id }
}

const HASHES = 2 ** 48

/** Above 0. With `u` evenly spread over (0, 1), `-weight / ln u` wins in proportion to the weight. */
function score(id: string, shard: number, weight: number): number {
  const hash = createHash('sha256').update(`${shard}\n${id}`).digest().readUIntBE(0, 6)
  return -weight / Math.log((hash + 0.5) / HASHES)
}
