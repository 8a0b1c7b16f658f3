/** What a doctor finds of images of shards, and of how far back the log is kept because of them. */
import { limits } from '../../../actors/limits.js'
import { type ImageRow, readImages } from '../../../cluster/index.js'
import type { Finding } from './check-up.js'
import type { ReachedCluster } from './in-cluster.js'
import type { SaidCopies } from './member-answers.js'

/** How many times over an image is due before that is found strange. */
const OVERDUE = 2 * limits.imagePatience

export async function imageFindings(
  cluster: ReachedCluster,
  said: readonly SaidCopies[],
): Promise<Finding[]> {
  const rows = await readImages({ ...cluster, limits })
  const now = cluster.clock.now()
  return [imagesFinding(rows, said, now), floorFinding(rows, now), ...historyFindings(said)]
}

function imagesFinding(rows: readonly ImageRow[], said: readonly SaidCopies[], now: number): Finding {
  const about = 'images'
  const torn = rows.filter(one => !one.areWhole).map(one => one.shard)
  if (torn.length > 0)
    return {
      about,
      verdict: 'bad',
      found: `part of an image is gone from its stream: shards ${torn.join(', ')}`,
      advice: 'the log of those is kept meanwhile; members make new ones as commits come',
    }
  const overdue = rows.filter(row => isOverdue(row, positionOf(row.shard, said))).map(one => one.shard)
  if (overdue.length > 0)
    return {
      about,
      verdict: 'poor',
      found: `shards ${overdue.join(', ')} should have newer ones`,
      advice: "a member's log says why they are not made; until then the log grows",
    }
  const newest = rows.flatMap(({ images }) => images[0] ?? [])
  if (newest.length === 0) return { about, verdict: 'good', found: 'none is due yet' }
  const oldest = Math.min(...newest.map(one => one.at))
  const bytes = rows.reduce((sum, { images }) => sum + images.reduce((all, one) => all + one.bytes, 0), 0)
  const found = `${newest.length} of ${rows.length} shards have one, ${bytes.toLocaleString('en')} bytes in all; the oldest of the newest was made ${ago(now - oldest)}`
  return { about, verdict: 'good', found }
}

function isOverdue({ images }: ImageRow, position: number): boolean {
  const [newest] = images
  const due = Math.max(limits.imageEntriesMin, limits.imageEntriesPerActor * (newest?.actors ?? 0))
  return position - (newest?.position ?? 0) > OVERDUE * due
}

function positionOf(shard: number, said: readonly SaidCopies[]): number {
  const copies = said.flatMap(one => one.copies).filter(one => one.shard === shard)
  return Math.max(0, ...copies.map(one => one.position))
}

function floorFinding(rows: readonly ImageRow[], now: number): Finding {
  const about = 'floor of the log'
  const floors = rows.flatMap(({ floor }) => floor ?? [])
  if (floors.length === 0) return { about, verdict: 'good', found: 'none: the log has every commit' }
  const oldest = Math.min(...floors.map(one => one.at))
  const found = `${floors.length} of ${rows.length} logs begin with an image; the oldest of these floors was raised ${ago(now - oldest)}`
  return { about, verdict: 'good', found }
}

/** Histories that are not whole here are no fault; that there are no others might be one. */
function historyFindings(said: readonly SaidCopies[]): Finding[] {
  const copies = said.flatMap(one => one.copies)
  const late = [...new Set(copies.filter(one => one.historyFrom !== undefined).map(one => one.shard))]
  const lost = late.filter(shard => copies.every(one => one.shard !== shard || one.historyFrom !== undefined))
  if (lost.length === 0) return []
  return [
    {
      about: 'history',
      verdict: 'note',
      found: `begins with an image on every member: shards ${lost.join(', ')}`,
      advice:
        'what came before is in the journals of members that are gone, set aside, or in backups: read it there',
    },
  ]
}

const UNITS = [
  ['days', 24 * 3600_000],
  ['hours', 3600_000],
  ['minutes', 60_000],
] as const

function ago(ms: number): string {
  const [name, length] = UNITS.find(([, length]) => ms >= 2 * length) ?? ['seconds', 1000]
  return `${Math.max(0, Math.round(ms / length))} ${name} ago`
}
