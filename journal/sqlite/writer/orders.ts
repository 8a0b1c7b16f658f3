/**
 * What a journal asks of whoever writes for it, and what it is told. The same whether that is done in the thread
 * that asks or in another: reports come in the order of what happened.
 */
import type { Address } from '../../../actors/address.js'
import type { JournalPlace } from '../../journal-place.js'
import type { PackedSegment } from '../../segment/segment.js'
import type { Damage } from '../actor-table.js'

export type Report =
  /** The commit is durable, and all before it. */
  | { readonly kind: 'committed'; readonly number: number }
  /** What was to be written is not, and nothing of it was. */
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
  /** Nothing more: all that waits has been written first, as before any errand. */
  | { readonly kind: 'catch-up' }
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
   * Begins to write a commit; `committed` or `refused` tells how it went. One at a time, but for those that may wait.
   * That all before it is known to be durable by who asks is what lets it be settled.
   * @param place where the journal stands with it, when it moves.
   * @param mayWait it is durable elsewhere: several that come one after the other may be written as one, and what there
   * is no room for is kept, to be tried again with the next.
   */
  commit(segment: PackedSegment, place: JournalPlace | undefined, mayWait: boolean): void
  /** What waits is to be written now; `committed` or `refused` tells how it went. */
  write(): void
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
