/** Actors' records as of the last commit: those not in rows yet, else those in rows, else what is whole before them. */
import type { Address } from '../../actors/address.js'
import type { StoredRecord } from '../../actors/journal.js'
import type { StateAt } from '../../actors/logged-commit.js'
import type { ActorRecord } from '../../actors/record.js'
import { unpackRecord } from '../segment/rows.js'
import { SNAPSHOTS_KEPT } from '../snapshots.js'
import type { ActorTable } from './actor-table.js'
import type { UnsettledActor } from './generation.js'
import type { SettledStates } from './settled-states.js'
import type { Unsettled } from './unsettled.js'

export class Records {
  readonly #table: ActorTable
  readonly #states: SettledStates
  readonly #unsettled: () => Unsettled

  constructor(table: ActorTable, states: SettledStates, unsettled: () => Unsettled) {
    this.#table = table
    this.#states = states
    this.#unsettled = unsettled
  }

  read(address: Address): StoredRecord | undefined {
    const actor = this.#unsettled().find(address)
    if (actor === undefined) return this.#table.read(address)
    const { record } = actor
    return record === undefined ? this.#before(actor) : { record: unpackRecord(record) }
  }

  stateOf(address: Address): StateAt | undefined {
    const actor = this.#unsettled().find(address)
    return actor === undefined ? this.#states.find(address) : actor.stateAt
  }

  /** The newest record or persisted snapshot at or before `seq`. */
  recordAt(address: Address, seq: number): ActorRecord | undefined {
    const actor = this.#unsettled().find(address)
    if (actor === undefined) return this.#table.recordAt(address, seq)
    const newest = actor.seq <= seq ? actor.record : undefined
    if (newest !== undefined) return unpackRecord(newest)
    const snapshots = this.#unsettled().snapshotsOf(address)
    const found = snapshots.findLast(kept => kept.seq <= seq)
    if (found !== undefined) return unpackRecord(found.record)
    return this.#table.snapshotAt(address, seq, {
      before: snapshots[0]?.seq ?? Number.MAX_SAFE_INTEGER,
      newest: Math.max(0, SNAPSHOTS_KEPT - snapshots.length),
    })
  }

  /** The last commit says only what changed of a state that is damaged: what is whole before it. */
  #before({ address, seq }: UnsettledActor): StoredRecord {
    const reason = 'what it was made against is damaged'
    const kept = this.#unsettled().snapshotsOf(address).at(-1)
    const record = kept === undefined ? this.#table.older(address, seq, reason) : unpackRecord(kept.record)
    return { record, stale: { seq, reason } }
  }
}
