/**
 * Which life of the log this is: a number in the shards' bucket, beside the identity of the stream it belongs to. It
 * is part of every subject of the log and of every position in it, and only grows.
 */
import type { StreamInfo } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import { SetupError, UnavailableError } from '../../actors/errors.js'
import type { ClusterConnection } from '../connection.js'
import { journalSubject, type Names } from '../names.js'

interface LogLife {
  readonly incarnation: number
  /** When the stream was made. */
  readonly created: string
}

const KEY = 'log'
/** Others may write at the same time; each time one of them has got further. */
const TRIES_MAX = 10

/**
 * @param remadeAbove absent: a stream that was made anew is refused. Given: a new life begins, above that number; so it
 * does when the number is known of a log that is empty, for then the bucket went with the log.
 * @throws SetupError `StreamMismatch`.
 */
export async function incarnationOf(
  connection: ClusterConnection,
  names: Names,
  journal: StreamInfo,
  remadeAbove: number | undefined,
): Promise<number> {
  const bucket = await new Kvm(connection.js).open(names.shardsBucket)
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const entry = await bucket.get(KEY)
    const known = entry === null || entry.operation !== 'PUT' ? undefined : entry.json<LogLife>()
    if (known?.created === journal.created) {
      const isWhole = remadeAbove === undefined || remadeAbove < known.incarnation
      if (isWhole || (await lastIn(connection, names)) > 0) return known.incarnation
    }
    if (known !== undefined && remadeAbove === undefined) throw remade(names, known, journal)
    const above = Math.max(known?.incarnation ?? 0, remadeAbove ?? 0)
    const next = {
      incarnation: known === undefined ? Math.max(await lastIn(connection, names), above + 1) : above + 1,
      created: journal.created,
    }
    if (await wrote(bucket, next, entry?.revision ?? 0)) return next.incarnation
  }
  throw new UnavailableError(
    `bucket ${names.shardsBucket}: expected to write '${KEY}' within ${TRIES_MAX} tries, found it changed each time`,
  )
}

async function wrote(bucket: KV, life: LogLife, revision: number): Promise<boolean> {
  try {
    await bucket.put(KEY, JSON.stringify(life), { previousSeq: revision })
    return true
  } catch (error) {
    if (await bucket.get(KEY).then(entry => (entry?.revision ?? 0) !== revision)) return false
    throw error
  }
}

/** The newest life that the log itself knows: a bucket that was lost takes up where that is. 0 for an empty log. */
async function lastIn(connection: ClusterConnection, names: Names): Promise<number> {
  const last = await connection.jsm.streams.getMessage(names.journalStream, {
    last_by_subj: `${names.name}.j.>`,
  })
  return last === null ? 0 : (journalSubject(last.subject)?.incarnation ?? 0)
}

function remade(names: Names, known: LogLife, journal: StreamInfo): SetupError {
  return new SetupError(
    'StreamMismatch',
    `stream ${names.journalStream}: expected the one made at ${known.created} (log ${known.incarnation}), found one made at ${journal.created}: it was deleted and made anew, or another store was restored`,
    {
      stream: names.journalStream,
      field: 'created',
      expected: known.created,
      found: journal.created,
      incarnation: known.incarnation,
    },
  )
}
