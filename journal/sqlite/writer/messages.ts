/** What two threads tell each other: orders one way, reports and answers the other, each in order. */
import type { JournalFiles } from '../../files/directory.js'
import type { JournalPlace } from '../../journal-place.js'
import type { PackedSegment } from '../../segment/segment.js'
import type { Durability } from '../database.js'
import type { JournalLimits } from '../open.js'
import type { Failure } from './failure.js'
import type { Errand, Report } from './orders.js'

/** What a thread is told of a journal that it is to write. */
export interface ThreadSetup {
  readonly files: JournalFiles
  readonly durability: Durability
  readonly bytesMax: number | undefined
  readonly limits: JournalLimits
  readonly port: import('node:worker_threads').MessagePort
  /** One number, raised with each answer: what a thread that must have it waits on. */
  readonly signal: Int32Array
}

/** A packed segment, its entries and its records one behind the other. */
export interface CommitOrder extends Omit<PackedSegment, 'entries' | 'records'> {
  readonly kind: 'commit'
  readonly bytes: Uint8Array
  readonly entriesBytes: number
  readonly place: JournalPlace | undefined
  readonly mayWait: boolean
}

export type Order =
  | CommitOrder
  | { readonly kind: 'write' | 'settle' }
  | { readonly kind: 'run'; readonly errand: Errand }
  | { readonly kind: 'close' }

type Told = Extract<Report, { kind: 'committed' | 'begun' | 'settled' | 'damaged' }>

export type Message =
  | Told
  | { readonly kind: 'refused' | 'failed'; readonly failure: Failure }
  | { readonly kind: 'answer'; readonly value: number }
  | { readonly kind: 'answer'; readonly failure: Failure }
