/**
 * What is durable and not in rows yet: one generation that fills with each commit, and at most one that is
 * being settled. A commit past the limits settles a share of the older one in its own transaction, so that
 * settling costs no sync of its own, keeps pace with commits, and no single commit pays for all of it.
 */

import type { Address } from '../../actors/address.js'
import type { DueActor, KeptLetter, Unsettled as Load } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { Segment } from '../segment/segment.js'
import { keptSnapshots } from '../snapshots.js'
import type { DueHeap } from './due-heap.js'
import {
  type EntryPlace,
  Generation,
  type KeptRecord,
  type SegmentContents,
  type UnsettledActor,
} from './generation.js'
import type { Settler } from './settler.js'

export type DueKind = 'timer' | 'retry'

interface Settling {
  readonly generation: Generation
  readonly actors: readonly UnsettledActor[]
  /** Actors to write with each commit: done by the time the filling generation is about half full. */
  readonly share: number
  readonly written: number
}

/** What a settled slice comes to, once its transaction is through. */
export type Progress = Settling | 'finished' | undefined

export class Unsettled {
  readonly #limits: Pick<Limits, 'unsettledSegmentsMax' | 'unsettledBytesMax'>
  #filling = new Generation()
  #settling: Settling | undefined

  constructor(limits: Pick<Limits, 'unsettledSegmentsMax' | 'unsettledBytesMax'>) {
    this.#limits = limits
  }

  add(segment: Segment, contents: SegmentContents): void {
    this.#filling.add(segment, contents)
  }

  get isEmpty(): boolean {
    return this.#settling === undefined && this.#filling.segments.length === 0
  }

  /** How much it is, and since when. */
  load(): Load {
    const generations = this.#generations()
    const oldest = generations.find(generation => generation.segments.length > 0)?.segments[0]
    return {
      segments: generations.reduce((sum, generation) => sum + generation.segments.length, 0),
      bytes: generations.reduce((sum, generation) => sum + generation.bytes, 0),
      since: oldest?.at,
    }
  }

  /** The actor as its last commit left it. */
  find(address: Address): UnsettledActor | undefined {
    return this.#filling.actors.get(address) ?? this.#settling?.generation.actors.get(address)
  }

  has(address: Address): boolean {
    return this.find(address) !== undefined
  }

  /** Every actor here, as its last commit left it. */
  *actors(): IterableIterator<UnsettledActor> {
    yield* this.#filling.actors.values()
    for (const actor of this.#settling?.actors ?? [])
      if (!this.#filling.actors.has(actor.head.address)) yield actor
  }

  entriesOf(address: Address): readonly EntryPlace[] {
    return this.#generations().flatMap(generation => generation.actors.get(address)?.entries ?? [])
  }

  /** Its records that are to be kept, as far as they are here, oldest first. */
  snapshotsOf(address: Address): readonly KeptRecord[] {
    return keptSnapshots(
      this.#generations().flatMap(generation => generation.actors.get(address)?.snapshots ?? []),
    )
  }

  /** Letters that came, oldest first, settled since or not. */
  deadLetters(): readonly KeptLetter[] {
    return this.#generations().flatMap(generation => [...generation.deadLetters.values()])
  }

  /** A letter that came, settled since or not. */
  deadLetter(id: string): KeptLetter | undefined {
    return this.#filling.deadLetters.get(id) ?? this.#settling?.generation.deadLetters.get(id)
  }

  isLetterSettled(id: string): boolean {
    return this.#filling.settledLetters.has(id) || this.#settling?.generation.settledLetters.has(id) === true
  }

  /** Ids of letters that were settled, here or in rows. */
  settledLetters(): ReadonlySet<string> {
    const [older, newer] = this.#generations()
    if (older === undefined || newer === undefined) return (older ?? this.#filling).settledLetters
    return new Set([...older.settledLetters, ...newer.settledLetters])
  }

  newestSegment(): Segment | undefined {
    return this.#filling.segments.at(-1) ?? this.#settling?.generation.segments.at(-1)
  }

  earliestDue(kind: DueKind): DueActor | undefined {
    return this.#generations()
      .map(generation => heapOf(generation, kind).peek())
      .reduce((a, b) => (a === undefined || (b !== undefined && b.dueAt < a.dueAt) ? b : a), undefined)
  }

  due(kind: DueKind, until: number, limit: number): DueActor[] {
    return this.#generations().flatMap(generation => heapOf(generation, kind).upTo(until, limit))
  }

  /** Settles as much as a commit owes; call within its transaction, and `commit` after it. */
  settleShare(settler: Settler): Progress {
    const isFull =
      this.#filling.segments.length >= this.#limits.unsettledSegmentsMax ||
      this.#filling.bytes >= this.#limits.unsettledBytesMax
    // Full again before the older one is done, in spite of its shares: this commit does what is left.
    const share = isFull && this.#settling !== undefined ? Number.POSITIVE_INFINITY : undefined
    if (isFull && this.#settling === undefined) this.#begin()
    return this.#write(settler, share ?? this.#settling?.share ?? 0)
  }

  /** Settles the older generation to its end, or begins with the one that fills. */
  settleWhole(settler: Settler): Progress {
    if (this.#settling === undefined) this.#begin()
    return this.#write(settler, Number.POSITIVE_INFINITY)
  }

  commit(progress: Progress): void {
    if (progress === undefined) return
    this.#settling = progress === 'finished' ? undefined : progress
  }

  #begin(): void {
    const generation = this.#filling
    if (generation.segments.length === 0) return
    this.#filling = new Generation()
    generation.newer = this.#filling
    const actors = [...generation.actors.values()]
    const commits = Math.max(1, Math.floor(generation.segments.length / 2))
    this.#settling = { generation, actors, share: Math.ceil(actors.length / commits), written: 0 }
  }

  #write(settler: Settler, share: number): Progress {
    if (this.#settling === undefined) return undefined
    const { generation, actors, written } = this.#settling
    const end = Math.min(actors.length, written + share)
    for (let at = written; at < end; at++) settler.writeActor(actors[at]!)
    if (end < actors.length) return { ...this.#settling, written: end }
    settler.finish(generation)
    return 'finished'
  }

  /** Older first. */
  #generations(): readonly Generation[] {
    return this.#settling === undefined ? [this.#filling] : [this.#settling.generation, this.#filling]
  }
}

function heapOf(generation: Generation, kind: DueKind): DueHeap {
  return kind === 'timer' ? generation.timers : generation.retries
}
