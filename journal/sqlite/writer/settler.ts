/**
 * Turns a generation of segments into rows: actors, pages of history, persisted snapshots, dead letters.
 *
 * It goes actor by actor and page by page, each within a transaction of the caller's. Invariant: doing it again
 * from the start, as after a crash in the middle, leaves the same rows.
 */

import { crc32 } from 'node:zlib'
import { statePaths } from '../../query.js'
import { entryBytesAt, pendingBytes } from '../../segment/segment.js'
import { MILESTONE_ENTRIES, SNAPSHOTS_KEPT } from '../../snapshots.js'
import type { Connection, Statement } from '../database.js'
import type { Generation, UnsettledActor } from '../generation.js'
import { settledFact } from '../load.js'
import { HistoryJson } from './history-json.js'
import type { LetterRows } from './letter-rows.js'

/** Entries in one row of history. */
const PAGE_ENTRIES_MAX = 256

export class Settler {
  readonly #upsertActor: Statement
  readonly #writePage: Statement
  readonly #writeSnapshot: Statement
  readonly #dropSnapshots: Statement
  readonly #letters: LetterRows
  readonly #dropRecords: Statement
  readonly #writeFact: Statement
  readonly #json = new HistoryJson()
  #shownValues = new Map<string, ShownValue>()

  constructor(db: Connection, letters: LetterRows) {
    this.#letters = letters
    this.#upsertActor = db
      .prepare(
        `INSERT INTO actor (address, status, version, seq, position, at, value, states, tags,
           timer_due_at, retry_due_at, owes, checksum, record, quarantined)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (address) DO UPDATE SET status = excluded.status, version = excluded.version,
           seq = excluded.seq, position = excluded.position, at = excluded.at, value = excluded.value,
           states = excluded.states, tags = excluded.tags, timer_due_at = excluded.timer_due_at,
           retry_due_at = excluded.retry_due_at, owes = excluded.owes, checksum = excluded.checksum,
           record = excluded.record, quarantined = excluded.quarantined
         RETURNING no`,
      )
      .pluck()
    this.#writePage = db.prepare(
      `INSERT INTO page (actor, seq, last, entries) VALUES (?, ?, ?, CAST(? AS TEXT))
       ON CONFLICT (actor, seq) DO UPDATE SET last = excluded.last, entries = excluded.entries`,
    )
    this.#writeSnapshot = db.prepare(
      'INSERT OR REPLACE INTO snapshot (actor, seq, checksum, record) VALUES (?, ?, ?, ?)',
    )
    this.#dropSnapshots = db.prepare(
      `DELETE FROM snapshot WHERE actor = @no AND seq <
         (SELECT seq FROM snapshot WHERE actor = @no ORDER BY seq DESC LIMIT 1 OFFSET ${SNAPSHOTS_KEPT - 1})
       AND (seq < ${MILESTONE_ENTRIES} OR EXISTS (SELECT 1 FROM snapshot AS older WHERE older.actor = @no
         AND older.seq < snapshot.seq AND older.seq / ${MILESTONE_ENTRIES} = snapshot.seq / ${MILESTONE_ENTRIES}))`,
    )
    this.#dropRecords = db.prepare('DELETE FROM segment_records WHERE number <= ?')
    this.#writeFact = db.prepare('INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)')
  }

  /** Writes the rows of one actor but its history; answers the number its pages go by. */
  writeActor(actor: UnsettledActor): number {
    const { index, snapshots } = actor
    const { record, checksum } = recordOf(actor)
    const { value, states } = this.#shownValue(index.value)
    const no = this.#upsertActor.get(
      actor.address,
      actor.status,
      actor.version,
      actor.seq,
      actor.position,
      actor.at,
      value,
      states,
      JSON.stringify(index.tags),
      finite(index.timerDueAt),
      finite(index.retryDueAt),
      index.owes ? 1 : 0,
      checksum,
      record,
      index.quarantined === true ? 1 : 0,
    ) as number
    for (const { seq, record } of snapshots) this.#writeSnapshot.run(no, seq, crc32(record), record)
    if (snapshots.length > 0) this.#dropSnapshots.run({ no })
    return no
  }

  /** Writes a page of an actor's history, beginning with its unsettled entry at `from`; answers where the next begins. */
  writePage(no: number, actor: UnsettledActor, from: number): number {
    const page = actor.entries(from, from + PAGE_ENTRIES_MAX)
    const json = this.#json.page(page.map(({ segment, index }) => entryBytesAt(segment.entries, index)))
    this.#writePage.run(no, page[0]!.seq, page.at(-1)!.seq, json)
    return from + page.length
  }

  /** Once all its actors are written: the generation is rows now, and its records need not be kept. */
  finish(generation: Generation): void {
    const last = generation.segments.at(-1)
    if (last === undefined) return
    for (const letter of generation.deadLetters.values()) this.#letters.insert(letter)
    for (const id of generation.settledLetters) this.#letters.delete(id)
    const pending = pendingBytes(last.records)
    this.#dropRecords.run(last.number)
    this.#writeFact.run(settledFact.number, last.number)
    this.#writeFact.run(settledFact.pending, pending)
    this.#writeFact.run(settledFact.pendingCrc, crc32(pending))
  }

  /** Few values are shared by many actors: most are written out once. */
  #shownValue(value: unknown): ShownValue {
    if (typeof value !== 'string') return showValue(value)
    let shown = this.#shownValues.get(value)
    if (shown === undefined) {
      shown = showValue(value)
      if (this.#shownValues.size >= SHOWN_VALUES_MAX) this.#shownValues.clear()
      this.#shownValues.set(value, shown)
    }
    return shown
  }
}

/** One that is not to be had is written as what it is, damaged: whoever reads it makes it again of what came before. */
function recordOf({ record }: UnsettledActor): { readonly record: Buffer; readonly checksum: number } {
  return record === undefined
    ? { record: NO_RECORD, checksum: NO_CHECKSUM }
    : { record, checksum: crc32(record) }
}

const NO_RECORD = Buffer.alloc(0)
/** That of no bytes at all. */
const NO_CHECKSUM = -1

const SHOWN_VALUES_MAX = 1_000

interface ShownValue {
  readonly value: string | null
  readonly states: string
}

function showValue(value: unknown): ShownValue {
  return {
    value: value === undefined ? null : JSON.stringify(value),
    states: `\n${statePaths(value).join('\n')}\n`,
  }
}

function finite(dueAt: number | undefined): number | null {
  return dueAt === undefined || dueAt === Number.POSITIVE_INFINITY ? null : dueAt
}
