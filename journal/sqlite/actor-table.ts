/**
 * Settled actors: their records, each with its checksum, and the lists that are asked without opening them.
 *
 * Invariant: a record that does not match its checksum is never given out; it is reported, and an older
 * persisted snapshot takes its place, said to be stale.
 */

import { crc32 } from 'node:zlib'
import { type Address, decodeToken, encodeToken, idOf } from '../../actors/address.js'
import { SetupError } from '../../actors/errors.js'
import type { ActorCount, ListedActor, ListQuery, StoredRecord } from '../../actors/journal.js'
import type { ActorRecord } from '../../actors/record.js'
import { unpackRecord } from '../segment/rows.js'
import { MILESTONE_ENTRIES, SNAPSHOTS_KEPT } from '../snapshots.js'
import type { Connection, Statement } from './database.js'

/** Something found damaged and worked around. */
export interface Damage {
  readonly what: 'record' | 'snapshot' | 'high-water'
  readonly address?: Address
  readonly seq?: number
  readonly reason: string
}

export interface EndedActor {
  readonly address: Address
  readonly at: number
}

/** One that owes work; its record is opened when it is asked for. */
export interface OwingRow {
  readonly address: Address
  /** @throws SetupError `JournalCorrupt` when no copy of it is whole */
  read(): StoredRecord
}

/** What roots are counted by. */
export type ActorKind = Omit<ActorCount, 'count'>

type ListFilter = Omit<ListQuery, 'after' | 'limit'>

interface StoredRow {
  readonly seq: number
  readonly checksum: number
  readonly record: Buffer
}

interface RecordRow extends StoredRow {
  readonly no: number
}

const EVERY_SNAPSHOT = { before: Number.MAX_SAFE_INTEGER, newest: SNAPSHOTS_KEPT }
/** `hidden` is a function of ours: whether a newer commit than the rows has the actor. */
const VISIBLE = 'NOT hidden(address)'
/** An address with nothing below its key. */
const IS_ROOT = "instr(substr(address, instr(address, '/') + 1), '/') = 0"

export class ActorTable {
  readonly #db: Connection
  readonly #file: string
  readonly #report: (damage: Damage) => void
  readonly #record: Statement
  readonly #snapshots: Statement
  readonly #lastSeq: Statement
  readonly #owing: Statement
  /** One a shape of query: a handful. */
  #prepared = new Map<string, Statement>()

  constructor(db: Connection, file: string, report: (damage: Damage) => void) {
    this.#db = db
    this.#file = file
    this.#report = report
    this.#record = db.prepare('SELECT no, seq, checksum, record FROM actor WHERE address = ?')
    this.#snapshots = db.prepare(
      `WITH kept AS (SELECT seq, checksum, record FROM snapshot
         WHERE actor = (SELECT no FROM actor WHERE address = @address) AND seq < @before)
       SELECT seq, checksum, record FROM kept
       WHERE seq <= @seq AND (seq >= ${MILESTONE_ENTRIES}
         OR (SELECT count(*) FROM kept AS newer WHERE newer.seq > kept.seq) < @newest)
       ORDER BY seq DESC LIMIT ${SNAPSHOTS_KEPT}`,
    )
    this.#lastSeq = db.prepare('SELECT last FROM page WHERE actor = ? ORDER BY seq DESC LIMIT 1').pluck()
    this.#owing = db.prepare(
      'SELECT no, address, seq, checksum, record FROM actor WHERE owes = 1 AND address > ? ORDER BY address LIMIT ?',
    )
  }

  read(address: Address): StoredRecord | undefined {
    const row = this.#record.get(address) as RecordRow | undefined
    return row && this.#open(row, address)
  }

  #open(row: RecordRow, address: Address): StoredRecord {
    const record = opened(row, address)
    if (typeof record !== 'string') return { record }
    const older = this.older(address, row.seq, record)
    // Where its history ends, which a damaged row is not to be asked.
    const seq = (this.#lastSeq.get(row.no) as number | undefined) ?? row.seq
    return { record: older, stale: { seq, reason: record } }
  }

  /**
   * The newest persisted snapshot, where the record at a seq is damaged, which is reported.
   * @throws SetupError `JournalCorrupt` when there is none.
   */
  older(address: Address, seq: number, reason: string): ActorRecord {
    this.#report({ what: 'record', address, seq, reason })
    const older = this.snapshotAt(address, Number.MAX_SAFE_INTEGER)
    if (older === undefined) throw this.#corrupt(address, reason)
    return older
  }

  /** The newest record or persisted snapshot at or before `seq`. */
  recordAt(address: Address, seq: number): ActorRecord | undefined {
    const row = this.#record.get(address) as RecordRow | undefined
    if (row === undefined) return undefined
    if (row.seq <= seq) {
      const record = opened(row, address)
      if (typeof record !== 'string') return record
      this.#report({ what: 'record', address, seq: row.seq, reason: record })
    }
    return this.snapshotAt(address, seq)
  }

  /** Rows that owe work, hidden ones too: whoever asks knows those, and they must not be looked through again and again. */
  owing(after: Address, limit: number): OwingRow[] {
    const rows = this.#owing.all(after, limit) as (RecordRow & { readonly address: Address })[]
    return rows.map(row => ({ address: row.address, read: () => this.#open(row, row.address) }))
  }

  /** Roots of a type that ended at or before `until`, oldest first, as far as no newer commit has them. */
  ended(type: string, until: number, limit: number): EndedActor[] {
    return this.#prepare(
      `SELECT address, at FROM actor
       WHERE substr(address, 1, instr(address, '/')) = ? AND at <= ?
         AND status <> 'active' AND ${IS_ROOT} AND ${VISIBLE}
       ORDER BY at LIMIT ?`,
    ).all(`${encodeToken(type)}/`, until, limit) as EndedActor[]
  }

  list(query: ListQuery): ListedActor[] {
    const { where, values } = filter(query)
    const rows = this.#prepare(
      `SELECT address, value, tags, status, version, seq, at, quarantined FROM actor
       WHERE address > ? AND ${where} AND ${VISIBLE} ORDER BY address LIMIT ?`,
    ).all(query.after ?? '', ...values, query.limit) as (Omit<ListedActor, 'tags' | 'quarantined'> & {
      value: string
      tags: string
      quarantined: 0 | 1
    })[]
    return rows.map(({ quarantined, ...row }) => ({
      ...row,
      value: row.value === null ? undefined : JSON.parse(row.value),
      tags: JSON.parse(row.tags) as string[],
      ...(quarantined === 1 ? { quarantined: true } : {}),
    }))
  }

  /** What an actor's row is counted as. */
  kind(address: Address): ActorKind | undefined {
    const sql = 'SELECT version, status FROM actor WHERE address = ?'
    const row = this.#prepare(sql).get(address) as Omit<ActorKind, 'type'> | undefined
    return row && { type: idOf(address).type, ...row }
  }

  /** The rows of roots, counted; what commits have hidden since is in it. */
  counts(): ActorCount[] {
    const rows = this.#prepare('SELECT type, version, status, count FROM actor_count').all() as ActorCount[]
    return rows.map(row => ({ ...row, type: decodeToken(row.type) }))
  }

  count(query: ListFilter, someHidden: boolean): number {
    const { where, values } = filter(query)
    const visible = someHidden ? VISIBLE : 'true'
    const sql = `SELECT count(*) AS count FROM actor WHERE ${where} AND ${visible}`
    return (this.#prepare(sql).get(...values) as { count: number }).count
  }

  /** The newest whole one at or before `seq`, of the `newest` persisted snapshots whose seq is below `before`. */
  snapshotAt(
    address: Address,
    seq: number,
    { before, newest }: { before: number; newest: number } = EVERY_SNAPSHOT,
  ): ActorRecord | undefined {
    for (const row of this.#snapshots.all({ address, seq, before, newest }) as StoredRow[]) {
      const record = opened(row, address)
      if (typeof record !== 'string') return record
      this.#report({ what: 'snapshot', address, seq: row.seq, reason: record })
    }
    return undefined
  }

  #prepare(sql: string): Statement {
    const prepared = this.#prepared.get(sql) ?? this.#db.prepare(sql)
    this.#prepared.set(sql, prepared)
    return prepared
  }

  #corrupt(address: Address, reason: string): SetupError {
    return new SetupError(
      'JournalCorrupt',
      `${this.#file}: the record of ${address} is damaged (${reason}), and no persisted snapshot of it is whole`,
      { file: this.#file, address, reason },
    )
  }
}

/** The record, or what is wrong with it. */
function opened(row: StoredRow, address: Address): ActorRecord | string {
  if (crc32(row.record) !== row.checksum) return 'it does not match its checksum'
  const record = unpackRecord(row.record)
  return record.address === address ? record : `it is that of ${record.address}`
}

function filter(query: ListFilter): { where: string; values: unknown[] } {
  const clauses: string[] = ['true']
  const values: unknown[] = []
  const ask = (clause: string, ...given: unknown[]) => {
    clauses.push(clause)
    values.push(...given)
  }
  if (query.roots === true) ask(IS_ROOT)
  if (query.type !== undefined) {
    const token = encodeToken(query.type)
    // '0' is what follows '/' in ASCII: the range of all addresses below the type.
    ask('address > ? AND address < ?', `${token}/`, `${token}0`)
  }
  if (query.status !== undefined) ask('status = ?', query.status)
  if (query.version !== undefined) ask('version = ?', query.version)
  // As it stands, so that those few are found by their index.
  if (query.quarantined !== undefined) ask(`quarantined = ${query.quarantined ? 1 : 0}`)
  if (query.idleSince !== undefined) ask('at <= ?', query.idleSince)
  if (query.state !== undefined) ask('instr(states, ?) > 0', `\n${query.state}\n`)
  if (query.tag !== undefined)
    ask('EXISTS (SELECT 1 FROM json_each(tags) WHERE json_each.value = ?)', query.tag)
  return { where: clauses.join(' AND '), values }
}
