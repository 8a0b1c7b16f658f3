/**
 * What is durable and, as far as who reads has been told, not in rows yet: the generation that fills with each
 * commit, and those before it that the writer has still to settle.
 *
 * Invariant: it may lag behind the rows, never run ahead of them: an actor in it hides its row, whether that is
 * older or the same already.
 */

import type { Address } from '../../actors/address.js'
import type { DueActor, KeptLetter, Unsettled as Load } from '../../actors/journal.js'
import type { PackedSegment, SegmentContents } from '../segment/segment.js'
import { keptSnapshots } from '../snapshots.js'
import { DueHeap } from './due-heap.js'
import {
  type EntryPlace,
  Generation,
  type KeptRecord,
  type StatesBefore,
  type UnsettledActor,
} from './generation.js'
import type { SettledStates } from './settled-states.js'

export type DueKind = 'timer' | 'retry'

export class Unsettled {
  /** Older first; the last one fills. */
  #generations: readonly VisibleGeneration[]
  readonly #before: StatesBefore

  constructor(states: SettledStates) {
    this.#before = { older: address => this.find(address), settled: address => states.find(address) }
    this.#generations = [new VisibleGeneration(this.#before)]
  }

  add(segment: PackedSegment, contents: SegmentContents): void {
    this.#filling.add(segment, contents)
  }

  /** The writer settles what there is from here on as one: what comes is apart from it. */
  close(): void {
    const next = new VisibleGeneration(this.#before)
    this.#filling.newer = next
    this.#generations = [...this.#generations, next]
  }

  /** All up to the commit of that number is in rows. */
  drop(upTo: number): void {
    this.#generations = this.#generations.filter(
      (generation, index) =>
        index === this.#generations.length - 1 || (generation.segments.at(-1)?.number ?? 0) > upTo,
    )
  }

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  /** Number of the oldest commit here; what is of commits before it is in rows. */
  get firstNumber(): number {
    return this.#first?.number ?? Number.MAX_SAFE_INTEGER
  }

  /** How much it is, and since when. */
  load(): Load {
    return {
      segments: this.#generations.reduce((sum, generation) => sum + generation.segments.length, 0),
      bytes: this.#generations.reduce((sum, generation) => sum + generation.bytes, 0),
      since: this.#first?.at,
    }
  }

  /** The actor as its last commit left it. */
  find(address: Address): UnsettledActor | undefined {
    for (let at = this.#generations.length - 1; at >= 0; at--) {
      const actor = this.#generations[at]!.actors.get(address)
      if (actor !== undefined) return actor
    }
    return undefined
  }

  has(address: Address): boolean {
    return this.find(address) !== undefined
  }

  /** Every actor here, as its last commit left it. */
  *actors(): IterableIterator<UnsettledActor> {
    for (const generation of this.#generations)
      for (const actor of generation.actors.values()) if (this.find(actor.address) === actor) yield actor
  }

  entriesOf(address: Address): readonly EntryPlace[] {
    return this.#generations.flatMap(generation => generation.actors.get(address)?.entries() ?? [])
  }

  /** Its records that are to be kept, as far as they are here, oldest first. */
  snapshotsOf(address: Address): readonly KeptRecord[] {
    return keptSnapshots(
      this.#generations.flatMap(generation => generation.actors.get(address)?.snapshots ?? []),
    )
  }

  /** Letters that came, oldest first, settled since or not. */
  deadLetters(): readonly KeptLetter[] {
    return this.#generations.flatMap(generation => [...generation.deadLetters.values()])
  }

  /** A letter that came, settled since or not. */
  deadLetter(id: string): KeptLetter | undefined {
    for (const { deadLetters } of this.#generations) {
      const letter = deadLetters.get(id)
      if (letter !== undefined) return letter
    }
    return undefined
  }

  /** Whether a letter, here or in rows, is gone. */
  isLetterSettled(id: string): boolean {
    return this.#generations.some(generation => generation.settledLetters.has(id))
  }

  /** Ids of letters, here or in rows, that are gone. */
  settledLetters(): ReadonlySet<string> {
    return new Set(this.#generations.flatMap(generation => [...generation.settledLetters]))
  }

  newestSegment(): PackedSegment | undefined {
    return this.#generations.findLast(generation => generation.segments.length > 0)?.segments.at(-1)
  }

  earliestDue(kind: DueKind): DueActor | undefined {
    return this.#generations
      .map(generation => generation.due[kind].peek())
      .reduce((a, b) => (a === undefined || (b !== undefined && b.dueAt < a.dueAt) ? b : a), undefined)
  }

  due(kind: DueKind, until: number, limit: number): DueActor[] {
    return this.#generations.flatMap(generation => generation.due[kind].upTo(until, limit))
  }

  get #filling(): VisibleGeneration {
    return this.#generations.at(-1)!
  }

  get #first(): PackedSegment | undefined {
    return this.#generations.find(generation => generation.segments.length > 0)?.segments[0]
  }
}

/** A generation, and who of it is due. */
class VisibleGeneration extends Generation {
  readonly due: Record<DueKind, DueHeap>
  /** The generation after this one; an actor in it is no longer as it is here. */
  newer: VisibleGeneration | undefined

  constructor(before: StatesBefore) {
    super(before)
    this.due = {
      timer: new DueHeap(({ address, dueAt }) => this.#newest(address)?.index.timerDueAt === dueAt),
      retry: new DueHeap(({ address, dueAt }) => this.#newest(address)?.index.retryDueAt === dueAt),
    }
  }

  override add(segment: PackedSegment, contents: SegmentContents): void {
    super.add(segment, contents)
    for (const { record, index } of contents.records) {
      pushDue(this.due.timer, record.address, index.timerDueAt)
      pushDue(this.due.retry, record.address, index.retryDueAt)
    }
  }

  #newest(address: Address): UnsettledActor | undefined {
    for (let later = this.newer; later !== undefined; later = later.newer)
      if (later.actors.has(address)) return undefined
    return this.actors.get(address)
  }
}

function pushDue(heap: DueHeap, address: Address, dueAt: number | undefined): void {
  if (dueAt !== undefined && dueAt !== Number.POSITIVE_INFINITY) heap.push({ address, dueAt })
}
