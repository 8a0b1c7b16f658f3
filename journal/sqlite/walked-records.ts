/** Records of commits as they are walked in order: what a later one says only as what changed is put together again. */
import type { Address } from '../../actors/address.js'
import type { StateAt } from '../../actors/logged-commit.js'
import type { ActorRecord } from '../../actors/record.js'
import { isPatched, recordHead, stateIn, statePatched, unpackRecord, wholeRecord } from '../segment/rows.js'
import { recordsIn } from '../segment/segment.js'

export class WalkedRecords {
  readonly #states = new Map<Address, StateAt>()

  /** Of the next commit, but those made against a commit before the walk. */
  next(records: Buffer): ActorRecord[] {
    return recordsIn(records).flatMap(({ bytes }) => {
      const { address, seq } = recordHead(bytes)
      const before = this.#states.get(address)
      const state = isPatched(bytes) ? before && statePatched(bytes, before) : stateIn(bytes)
      if (state === undefined) return []
      this.#states.set(address, { seq, state })
      return unpackRecord(isPatched(bytes) ? wholeRecord(bytes, state) : bytes)
    })
  }
}
