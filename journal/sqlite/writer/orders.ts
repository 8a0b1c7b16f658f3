/**
 * What a journal asks of whoever writes for it, and what it is told. The same whether that is done in the thread
 * that asks or in another: reports come in the order of what happened.
 */
import type { Address } from '../../../actors/address.js'
import type { JournalPlace } from '../../journal-place.js'
import type { PackedSegment } from '../../segment/segment.js'
import type { Damage } from '../actor-table.js'

export type Report =
  /** The commit is durable. */
  | { readonly kind: 'committed'; readonly number: number }
  /** It is not, and nothing of it was written. */
  | { readonly kind: 'refused'; readonly error: unknown }
  /** All commits so far will be settled as one; those that come are apart. */
  | { readonly kind: 'begun' }
  /** All up to the commit of that number is in rows. */
  | { readonly kind: 'settled'; readonly number: number }
  | { readonly kind: 'damaged'; readonly damage: Damage }
  /** Nothing will be written any more. */
  | { readonly kind: 'failed'; readonly error: unknown }

/** What is answered at once; what lets go of the past, with everything settled first. */
export type Errand =
  | { readonly kind: 'prune'; readonly address: Address; readonly seq: number }
  | { readonly kind: 'forget'; readonly address: Address }
  | {
      readonly kind: 'fingerprint'
      readonly type: string
      readonly version: string
      readonly fingerprint: string
    }

/** The writing end of a journal. */
export interface Writing {
  /**
   * Begins to write a commit; `committed` or `refused` tells how it went. One at a time. That all before it is
   * known to be durable by who asks is what lets it be settled.
   * @param place where the journal stands with it, when it moves.
   */
  commit(segment: PackedSegment, place: JournalPlace | undefined): void
  /** Brings rows up to the last commit, at the writer's leisure; nothing else is under way. */
  settle(): void
  /** Does it, and answers how many things it was done to. */
  run(errand: Errand): number
  /**
   * Settles what there is room for and lets go of the files; `then` is called once nothing can be written any more,
   * even when this throws. The last call.
   */
  close(then: () => void): void
}
