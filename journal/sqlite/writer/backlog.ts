/**
 * What the writer has still to settle: one generation that fills with each commit, and at most one that is being
 * settled, slice by slice.
 *
 * Invariants: a slice counts once its transaction is through; between them the two generations hold no more than
 * twice the limits on what is unsettled.
 */
import type { Limits } from '../../../actors/limits.js'
import { contentsOf, type PackedSegment } from '../../segment/segment.js'
import { Generation, type StatesBefore, type UnsettledActor } from '../generation.js'
import type { Settler } from './settler.js'

export type BacklogLimits = Pick<
  Limits,
  'unsettledSegmentsMax' | 'unsettledBytesMax' | 'unsettledStatesBytesMax' | 'settleSliceEntriesMax'
>

interface Settling {
  readonly generation: Generation
  readonly actors: readonly UnsettledActor[]
  /** Actors to have written for each commit that comes: done by the time the filling generation is about half full. */
  readonly share: number
  readonly place: Place
}

/** How far settling has come: the actor that is next, and where in its entries; `no` once its row is written. */
interface Place {
  readonly actor: number
  readonly entry: number
  readonly no: number | undefined
}

/** What a slice comes to, once its transaction is through. */
export type Progress = Place | 'finished'

export class Backlog {
  readonly #limits: BacklogLimits
  readonly #before: StatesBefore
  #filling: Generation
  #settling: Settling | undefined

  /** @param settled an actor's state as its row has it */
  constructor(limits: BacklogLimits, settled: StatesBefore['settled']) {
    this.#limits = limits
    this.#before = { older: address => this.#settling?.generation.actors.get(address), settled }
    this.#filling = new Generation(this.#before)
  }

  add(segment: PackedSegment): void {
    this.#filling.add(segment, contentsOf(segment))
  }

  get isEmpty(): boolean {
    return this.#settling === undefined && this.#filling.segments.length === 0
  }

  /** Whether nothing more should come before what there is begins to be settled. */
  get isFull(): boolean {
    const { segments, bytes, statesBytes } = this.#filling
    const { unsettledSegmentsMax, unsettledBytesMax, unsettledStatesBytesMax } = this.#limits
    return (
      segments.length >= unsettledSegmentsMax ||
      bytes >= unsettledBytesMax ||
      statesBytes >= unsettledStatesBytesMax
    )
  }

  get isSettling(): boolean {
    return this.#settling !== undefined
  }

  /** Whether settling has fallen behind the commits that came meanwhile. */
  get isBehind(): boolean {
    if (this.#settling === undefined) return false
    const { share, place } = this.#settling
    return place.actor < share * this.#filling.segments.length
  }

  /** What fills is to be settled from now on; nothing else may be under way. */
  begin(): void {
    const generation = this.#filling
    this.#filling = new Generation(this.#before)
    const actors = [...generation.actors.values()]
    const commits = Math.max(1, Math.floor(generation.segments.length / 2))
    const place = { actor: 0, entry: 0, no: undefined }
    this.#settling = { generation, actors, share: Math.ceil(actors.length / commits), place }
  }

  /** Writes the next rows, of about `settleSliceEntriesMax` entries; within a transaction, after which `settled` is due. */
  settle(settler: Settler): Progress {
    const { generation, actors, place } = this.#settling!
    let { actor: at, entry, no } = place
    let room = this.#limits.settleSliceEntriesMax
    for (let actor = actors[at]; actor !== undefined; actor = actors[at]) {
      if (room <= 0) return { actor: at, entry, no }
      no ??= settler.writeActor(actor)
      const from = entry
      if (entry < actor.entryCount) entry = settler.writePage(no, actor, entry)
      room -= 1 + entry - from
      if (entry < actor.entryCount) continue
      at++
      entry = 0
      no = undefined
    }
    settler.finish(generation)
    return 'finished'
  }

  /** The transaction is through. Answers the number of the last commit that is in rows now, if this was the end of it. */
  settled(progress: Progress): number | undefined {
    const settling = this.#settling!
    if (progress !== 'finished') {
      this.#settling = { ...settling, place: progress }
      return undefined
    }
    this.#settling = undefined
    return settling.generation.segments.at(-1)?.number
  }
}
