/**
 * What applying a command takes and what can come of it, as types.
 */
import type { Command } from '../../actors/command.js'
import type { DeadLetter, JournalEntry, PublishedEvent } from '../../actors/commit.js'
import type { ErrorValue, PerdureError } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { RecentCommand } from '../../actors/record.js'
import type { Bindings } from './bindings.js'
import type { Act } from './draft.js'
import type { Life } from './life.js'

/** Where and when a command is applied. */
export interface StepSite {
  readonly position: number
  /** What the clock says; the actor's own `at` never runs behind its last. */
  readonly now: number
  readonly limits: Limits
  readonly bindings: Bindings
  /** Commands the step may send: what is left of the bound on those waiting to be stepped. */
  readonly sendsMax: number
  /** The same of their bytes. */
  readonly sendsBytesMax: number
  /** Whether the entry wants a digest; by the sample when absent. */
  readonly digest?: boolean
}

export interface Applied {
  readonly kind: 'applied'
  readonly life: Life
  readonly entry: JournalEntry
  readonly sends: readonly Command[]
  readonly published: readonly PublishedEvent[]
  readonly acts: readonly Act[]
  /** Of what it sends and publishes. */
  readonly leavingBytes: number
  /** What was held back for it until now: to be applied at once, before anything else. */
  readonly released: readonly Command[]
  readonly deadLetter?: DeadLetter
}

export type Application =
  | Applied
  /** The id came before, and this is what is remembered of it. */
  | { readonly kind: 'repeated'; readonly recent: RecentCommand }
  /** A birth that failed: there is no actor, and so no entry. */
  | {
      readonly kind: 'stillborn'
      readonly error: ErrorValue
      readonly deadLetter: DeadLetter
      /** Word to the parent of a child. */
      readonly sends: readonly Command[]
    }
  /** A start of an actor that lives already. */
  | { readonly kind: 'existing' }
  | { readonly kind: 'refused'; readonly error: PerdureError }
  /** Nothing waits for it any more: an old result, a cancelled timer. */
  | { readonly kind: 'dropped' }
