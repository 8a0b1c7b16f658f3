/**
 * Goes through all actors that owe work, a share a turn, and has what they owe dispatched: after a start, where all of
 * it was lost; and again whenever more was owed than the dispatch queue had room for. Commands have their turn between.
 *
 * Owns what was read and not dispatched yet, bounded. Invariant: an actor is dispatched as last committed.
 */
import type { Address } from '../../actors/address.js'
import { toErrorValue } from '../../actors/codec.js'
import type { Command } from '../../actors/command.js'
import type { Loss } from '../../actors/commit.js'
import type { Journal, OwingCursor, StoredRecord } from '../../actors/journal.js'
import type { Limits } from '../../actors/limits.js'
import type { ActorRecord } from '../../actors/record.js'
import type { Bindings } from '../step/bindings.js'
import type { Owing } from '../step/lost-attempts.js'
import type { Losses } from './losses.js'

const TURNS_A_PAGE = 4

export interface WalkSite {
  readonly journal: Journal
  readonly bindings: Bindings
  readonly limits: Limits
  /** The actor as last committed, folded again should its record be damaged. */
  read(address: Address): Owing | undefined
  /** Whether waits are begun by commits: then what waits is counted in the record at once. */
  readonly countsWaiting: boolean
  /** Whether there is room for what more actors owe, and for what comes of it. */
  hasRoom(): boolean
  /** Whether some owed more than there was room for, and there is by now. */
  wantsMore(): boolean
  /** The same; asking clears it. */
  takeOverflow(): boolean
  /** Has what an actor owes run; its losses are counted in it. */
  run(counted: Owing): void
  submit(command: Command): void
  warn(facts: object, message: string): void
}

export class OwingWalk {
  readonly #site: WalkSite
  readonly #losses: Losses
  #cursor: OwingCursor | undefined
  /** Read and not dispatched yet, in order. */
  readonly #ahead = new Map<Address, StoredRecord>()
  /** The first is that of what was lost. */
  #stage: 'before' | 'recovering' | 'recovered'
  #isWantedAgain: boolean
  /** Earlier losses that some record is left to be counted by. */
  readonly #needed = new Set<Loss>()

  constructor(losses: Losses, site: WalkSite) {
    this.#site = site
    this.#losses = losses
    this.#isWantedAgain = site.journal.position > 0
    this.#stage = this.#isWantedAgain ? 'before' : 'recovered'
  }

  /** Whether a turn could bring it on now. */
  get canGoOn(): boolean {
    if (this.#site.wantsMore()) return true
    if (this.#isAtEnd) return this.#isRecovery || this.#isWantedAgain
    return this.#canRead || (this.#mayBegin(this.#first) && this.#site.hasRoom())
  }

  /** The actors were committed. */
  note(committed: Iterable<Owing>): void {
    for (const { record } of committed) {
      if (this.#ahead.has(record.address)) this.#ahead.set(record.address, { record })
      else if (this.#losses.takePassed(record.address)) this.#site.submit(this.#losses.order(record))
    }
  }

  /** Nobody goes on with it here. */
  leave(): void {
    if (this.#stage !== 'recovered') this.#losses.reachAll()
  }

  /** Goes once more through all that owe work. */
  again(): void {
    this.#isWantedAgain = true
  }

  /** @param isQuiet whether no order waits to be stepped: whoever was to count by a loss that is let go of has done so. */
  goOn(isQuiet: boolean): void {
    if (this.#site.takeOverflow()) this.#isWantedAgain = true
    if (this.#isAtEnd) this.#next(isQuiet)
    this.#read()
    let left = this.#share
    for (let first = this.#first; first !== undefined && this.#mayBegin(first); first = this.#first) {
      if (left-- === 0 || !this.#site.hasRoom()) return
      const stored = this.#ahead.get(first)!
      this.#ahead.delete(first)
      this.#begin(stored)
    }
  }

  get #first(): Address | undefined {
    for (const address of this.#ahead.keys()) return address
    return undefined
  }

  /** How many in one turn: so that commands wait a few milliseconds for it. */
  get #share(): number {
    return Math.ceil(this.#site.limits.dueActorsPageMax / TURNS_A_PAGE)
  }

  get #isRecovery(): boolean {
    return this.#stage === 'recovering'
  }

  get #isAtEnd(): boolean {
    return this.#cursor === undefined && this.#ahead.size === 0
  }

  get #canRead(): boolean {
    return this.#cursor !== undefined && this.#ahead.size < this.#site.limits.dueActorsPageMax
  }

  #read(): void {
    if (!this.#canRead) return
    const page = this.#cursor!.next(this.#share)
    for (const stored of page) this.#ahead.set(stored.record.address, stored)
    const last = page.at(-1)
    if (last === undefined) this.#cursor = undefined
    else if (this.#isRecovery && this.#losses.isMarking) this.#losses.reach(last.record.address)
  }

  #mayBegin(address: Address | undefined): boolean {
    if (address === undefined) return false
    const { reached, isMarking } = this.#losses
    return !this.#isRecovery || !isMarking || (reached !== undefined && address <= reached)
  }

  #begin(stored: StoredRecord): void {
    const { isMarking } = this.#losses
    if (this.#isRecovery && isMarking) this.#losses.begin(stored.record.address)
    const owing = this.#owing(stored)
    if (owing === undefined) return
    const counted = this.#losses.counted(owing)
    if (!this.#isRecovery || !this.#losses.holds(owing)) return this.#site.run(counted)
    const { record } = owing
    if (!isMarking || this.#isToBeCounted(record, counted.record))
      return this.#site.submit(this.#losses.order(record))
    for (const invocation of record.invocations)
      for (const loss of this.#losses.needed(record, invocation)) this.#needed.add(loss)
    this.#site.run(counted)
  }

  #owing({ record, stale }: StoredRecord): Owing | undefined {
    if (stale !== undefined) return this.#site.read(record.address)
    try {
      return { record, binding: this.#site.bindings.of(record) }
    } catch (error) {
      const facts = { actor: record.address, error: toErrorValue(error) }
      this.#site.warn(facts, 'what an actor owes cannot be begun')
      return undefined
    }
  }

  /** Whether its losses end something, or the oldest has to go: then it counts them at once, and begins after that. */
  #isToBeCounted(record: ActorRecord, counted: ActorRecord): boolean {
    return record.invocations.some(
      (invocation, at) =>
        this.#losses.needsOldest(record, invocation) ||
        invocation.tasks.some(
          ({ state }, index) =>
            ((state === 'waiting' || state === 'elsewhere') && this.#site.countsWaiting) ||
            (state !== 'parked' && counted.invocations[at]!.tasks[index]!.state === 'parked'),
        ),
    )
  }

  /** The end of one walk, and the beginning of the next if there is to be one. */
  #next(isQuiet: boolean): void {
    if (this.#isRecovery) this.#stage = 'recovered'
    if (this.#stage === 'recovered' && isQuiet) this.#losses.drop(this.#needed)
    if (!this.#isWantedAgain) return
    if (this.#stage === 'before') this.#stage = 'recovering'
    this.#isWantedAgain = false
    this.#cursor = this.#site.journal.owing()
  }
}
