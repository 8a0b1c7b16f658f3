/**
 * How far the file of a copy is behind what is known here: commits that a log made durable are known at once, and
 * written when the writer comes to it. Bounded, in commits and bytes: who appends more waits.
 */
import { isJournalFull } from '../../actors/errors.js'
import type { Limits } from '../../actors/limits.js'
import type { PackedSegment } from '../segment/segment.js'

type LagLimits = Pick<Limits, 'copyHeldCommitsMax' | 'copyHeldBytesMax'>

interface Behind {
  readonly number: number
  readonly bytes: number
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class CopyLag {
  readonly #limits: LagLimits
  #behind: Behind[] = []
  #bytes = 0
  /** There was no room for what is behind. */
  #isRefused = false
  #waiting: Waiting | undefined

  constructor(limits: LagLimits) {
    this.#limits = limits
  }

  get isNone(): boolean {
    return this.#behind.length === 0
  }

  /** Twice what the writer holds: while that is written, as much may come. */
  get isLong(): boolean {
    const { copyHeldCommitsMax, copyHeldBytesMax } = this.#limits
    return (
      this.#isRefused || this.#behind.length >= 2 * copyHeldCommitsMax || this.#bytes >= 2 * copyHeldBytesMax
    )
  }

  sent({ number, entries, records }: PackedSegment): void {
    const bytes = entries.length + records.length
    this.#behind.push({ number, bytes })
    this.#bytes += bytes
  }

  /** Resolves once it is long no more. @throws what the writer says when there is no room still. */
  shorter(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** All up to the commit of that number is in the file. */
  written(number: number): void {
    this.#isRefused = false
    this.#behind = this.#behind.filter(one => one.number > number)
    this.#bytes = this.#behind.reduce((sum, { bytes }) => sum + bytes, 0)
    if (!this.isLong) this.#end()?.resolve()
  }

  /**
   * What is behind was not written. Answers why nothing more can be: nothing for want of room, for then it is tried
   * again, and nothing where nothing was behind.
   */
  refused(error: unknown): unknown {
    if (this.isNone) return undefined
    this.#isRefused = true
    return isJournalFull(error) ? undefined : error
  }

  /** Whoever waits does so no more. */
  lost(error: unknown): void {
    this.#end()?.reject(error)
  }

  #end(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting
  }
}
