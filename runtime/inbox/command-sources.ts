/**
 * Where a batch takes its commands from: what is due, then what comes from inside (results, begun attempts), then
 * the inbox. What comes from inside never waits behind a full inbox. What was taken of an inbox that delivers once comes
 * again from here, should its commit fail.
 *
 * Invariant: what is due is asked for again only when all that was due before is committed.
 */
import type { Address } from '../../actors/address.js'
import type { Command } from '../../actors/command.js'
import type { RecordIndex } from '../../actors/commit.js'
import type { Delivery, Inbox } from '../../actors/inbox.js'
import type { ShardHostOptions } from '../shard-host-options.js'
import type { Life } from '../step/life.js'
import { DueActors } from './due-actors.js'
import { Queue } from './queue.js'

/** A command, and whoever waits for its answer. */
export interface Taken {
  readonly command: Command
  readonly delivery?: Delivery
}

type Read = (address: Address) => Life | undefined

type SourcesSite = Pick<ShardHostOptions, 'journal' | 'inbox' | 'limits' | 'time'>

export class CommandSources {
  readonly #inbox: Inbox
  readonly #internal = new Queue<Command>()
  readonly #due = new Queue<Command>()
  /** Taken of the inbox, and to be taken again before what it has. */
  readonly #again = new Queue<Delivery>()
  readonly #timers: DueActors
  readonly #retries: DueActors
  readonly #time: 'wall' | 'event'
  #asked = false

  constructor({ journal, inbox, limits, time = 'wall' }: SourcesSite) {
    this.#inbox = inbox
    this.#time = time
    this.#timers = new DueActors('timer', journal, limits)
    this.#retries = new DueActors('retry', journal, limits)
  }

  submit(command: Command): void {
    this.#internal.push(command)
  }

  /** Commands from inside that wait, as far as they are known. */
  get insideSize(): number {
    return this.#internal.size + this.#due.size
  }

  take(): Taken | undefined {
    return this.takeInside() ?? this.#takeOutside()
  }

  takeOutsideFirst(): Taken | undefined {
    return this.#takeOutside() ?? this.takeInside()
  }

  takeInside(): Taken | undefined {
    const command = this.#due.shift() ?? this.#internal.shift()
    return command && { command }
  }

  /**
   * All that came from inside and will not be taken any more: for whoever has the shard next. That attempts go on here
   * is not for him: said late, it would be said of those that he has begun.
   */
  leftInside(): readonly Command[] {
    const left = this.#internal.toArray()
    this.#internal.replace([])
    return left.filter(one => one.kind !== 'operator' || one.order.type !== 'away')
  }

  /** All that came from outside and will not be taken any more. */
  leftOutside(): readonly Delivery[] {
    const left = this.#again.toArray()
    this.#again.replace([])
    return [...left, ...this.#inbox.take(Number.POSITIVE_INFINITY)]
  }

  #takeOutside(): Taken | undefined {
    const delivery = this.#again.shift() ?? this.#takeNew()
    return delivery && { command: delivery.command, delivery }
  }

  #takeNew(): Delivery | undefined {
    return this.#inbox.size === 0 ? undefined : this.#inbox.take(1)[0]
  }

  /**
   * The batch that took them could not be committed. Answers those whose senders must be told; one with a place waits
   * here: whatever came after it would say that it has been read.
   */
  putBack(taken: readonly Taken[]): readonly Delivery[] {
    this.#internal.unshift(taken.filter(one => one.delivery === undefined).map(one => one.command))
    const deliveries = taken.flatMap(one => one.delivery ?? [])
    this.#again.unshift(deliveries.filter(one => one.place !== undefined))
    return deliveries.filter(one => one.place === undefined)
  }

  /** Looks for what is due. */
  replenish(now: number, read: Read): void {
    if (this.#due.size > 0 || this.#asked) return
    if (!this.#isDue(now)) return
    for (const command of this.#timers.commands(now, read)) this.#due.push(command)
    for (const command of this.#retries.commands(now, read)) this.#due.push(command)
    this.#asked = this.#due.size > 0
  }

  note(index: RecordIndex): void {
    this.#timers.note(index)
    this.#retries.note(index)
  }

  /** Whether all that was due has been taken. */
  get areDueTaken(): boolean {
    return this.#asked && this.#due.size === 0
  }

  /** All that was due is committed. */
  committed(): void {
    this.#asked = false
    this.#timers.refresh()
    this.#retries.refresh()
  }

  /** Whether anything waits. One that stops accepts no new work: nothing is due to it. */
  hasWork(now: number, accepts: boolean): boolean {
    if (this.insideSize > 0 || this.#again.size > 0 || this.#inbox.size > 0) return true
    return accepts && !this.#asked && this.#isDue(now)
  }

  /** When something will be due; Infinity for never. */
  get nextAt(): number {
    if (this.#time === 'event') return Number.POSITIVE_INFINITY
    return Math.min(this.#timers.nextAt, this.#retries.nextAt)
  }

  #isDue(now: number): boolean {
    return this.nextAt <= now
  }
}
