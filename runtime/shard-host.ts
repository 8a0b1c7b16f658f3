/**
 * A shard at work, and the whole of Perdure in one loop: take a batch from the inbox, step it, make one
 * commit of it, and once that is durable let out what it holds.
 *
 * While one commit is on its way to the disk (the flight), the next batch is stepped on what it made, and
 * flies when the first has arrived.
 *
 * Invariants
 * 1. Nothing leaves before its commit is durable: answers, events, custom actions, attempts all wait for it.
 * 2. One commit is on its way at a time. Who reads sees what is durable; only the batch being filled sees more.
 * 3. A batch that could not be committed changed nothing, nor did the one stepped on it. What came from inside
 *    is stepped again later, and so is what an inbox delivers once; who else sent from outside is told.
 * 4. Recovery runs no user code: it reads positions, and has attempts that were lost made again.
 */
import type { Address } from '../actors/address.js'
import { toErrorValue } from '../actors/codec.js'
import type { Command, Whereabouts } from '../actors/command.js'
import { isJournalFull, type PerdureError, UnavailableError } from '../actors/errors.js'
import { ActorCache } from './commit/actor-cache.js'
import { Batch } from './commit/batch.js'
import type { BatchSite } from './commit/batch-site.js'
import { CautiousSteps } from './commit/cautious-steps.js'
import { type Base, type Filled, Filling, type Flight, groundOf } from './commit/filling.js'
import { sortPending } from './commit/held-commands.js'
import { abandon, takeBack } from './commit/lost-batches.js'
import { asError, commitFailed, REFUSALS, refuse, UNANSWERED } from './commit/refusals.js'
import { Retention } from './commit/retention.js'
import { settleRows } from './commit/settling.js'
import type { ActivityRunner } from './dispatch/activity-runner.js'
import type { Dispatcher } from './dispatch/dispatcher.js'
import type { Followers } from './dispatch/followers.js'
import { wayOut } from './dispatch/way-out.js'
import { letGoOn, runOut } from './endings.js'
import { CommandSources } from './inbox/command-sources.js'
import { Idle } from './inbox/idle.js'
import { Wakes } from './inbox/wakes.js'
import type { BatchObserver } from './observe/observer.js'
import { Losses } from './recovery/losses.js'
import type { OwingWalk } from './recovery/owing-walk.js'
import { type Sampler, samplerFor } from './sampler.js'
import type { ShardHostOptions } from './shard-host-options.js'
import type { Life } from './step/life.js'

export class ShardHost {
  readonly followers: Followers
  readonly cache: ActorCache
  readonly runner: ActivityRunner
  readonly #options: ShardHostOptions
  readonly #sources: CommandSources
  readonly #dispatcher: Dispatcher
  readonly #cautious: CautiousSteps
  readonly #retention: Retention
  readonly #sampler: Sampler | undefined
  readonly #losses: Losses
  readonly #walk: OwingWalk
  /** What is durable: the next batch is stepped on it, or on the flight that will be. */
  #base: Base
  /** Pending as well, for whoever has their actors' versions. */
  readonly #held: readonly Command[]
  /** The batch being filled. */
  #open: Filled | undefined
  /** The batch whose commit is on its way. */
  #flight: Flight | undefined
  #state: 'running' | 'stopping' | 'stopped' | 'failed' = 'running'
  #turning = false
  readonly #wakes: Wakes
  readonly #idle = new Idle()

  constructor(options: ShardHostOptions) {
    const { journal, bindings, limits, clock } = options
    this.#options = options
    this.#wakes = new Wakes(clock, () => this.#turn())
    this.followers = options.followers
    this.cache = new ActorCache(journal, bindings, limits)
    this.#losses = new Losses(options)
    const { pending, held } = sortPending(options)
    this.#base = { position: journal.position, pending }
    this.#held = held
    this.#sources = new CommandSources(options)
    this.#retention = new Retention(options, this.cache)
    const wasKilled = options.wasKilled ?? journal.wasKilled
    this.#cautious = new CautiousSteps(wasKilled, pending, limits, options.turns)
    this.#sampler = samplerFor(options, command => this.submit(command))
    const { runner, dispatcher, walk } = wayOut(options, this.#losses, this.#sources, this)
    this.runner = runner
    this.#dispatcher = dispatcher
    this.#walk = walk
    options.inbox.onArrival(() => this.#wake())
  }

  start(): void {
    this.#wake()
  }

  /** A command from inside: a result, an order of the engine. There is always room for it. */
  submit(command: Command): void {
    if (this.isOver) return this.#options.onLate?.(command)
    this.#sources.submit(command)
    this.#wake()
  }

  /** The actor as last committed; undefined when never born, or its version is not here. */
  read(address: Address): Life | undefined {
    try {
      return this.cache.get(address, this.#options.clock.now())
    } catch (error) {
      this.#options.logger.warn(
        { actor: address, error: toErrorValue(error) },
        'an actor cannot be activated',
      )
      return undefined
    }
  }

  /** Why nothing can be sent now, or undefined. */
  get refusal(): PerdureError | undefined {
    if (this.#state === 'running') return undefined
    return new UnavailableError(REFUSALS[this.#state])
  }

  /** Whether it has ended, and will do nothing more. */
  get isOver(): boolean {
    return this.#state === 'stopped' || this.#state === 'failed'
  }

  /** Whether nothing waits to be stepped. Activities may still run. */
  get isIdle(): boolean {
    return !this.#turning && this.#flight === undefined && this.#open === undefined && !this.#hasMore
  }

  /** Commands that wait inside, that actors sent, and that wait for a version. */
  get waiting(): { readonly inside: number; readonly pending: number; readonly held: number } {
    return { inside: this.#sources.insideSize, pending: this.#base.pending.length, held: this.#held.length }
  }

  /** Resolves when nothing waits to be stepped. */
  whenIdle(): Promise<void> {
    if (this.isIdle || this.isOver) return Promise.resolve()
    this.#wake()
    return this.#idle.wait()
  }

  /** Looks once more at all that is owed: whoever ran what is away may be gone. */
  review(): void {
    this.#walk.again()
    this.#wake()
  }

  /** Steps all that was accepted, lets attempts end for up to `withinMs`, and commits what came of them. */
  async stop(withinMs: number): Promise<void> {
    await this.#ending(() => runOut(this, this.#options.clock, withinMs))
  }

  /** Ends, and what runs goes on: `onLate` is told of its results. Answers false when that was not to be had in time. */
  async leave(withinMs: number, at: Whereabouts): Promise<boolean> {
    this.#walk.leave()
    return (await this.#ending(() => letGoOn(this, this.#options.clock, withinMs, at))) === true
  }

  async #ending<T>(ending: () => Promise<T>): Promise<T | undefined> {
    if (this.#state !== 'running') return undefined
    this.#state = 'stopping'
    const how = await ending()
    this.#end('stopped')
    for (const late of this.#sources.leftInside()) this.submit(late)
    return how
  }

  /** Ends at once, as a crash would: nothing is committed any more. */
  kill(): void {
    this.#end('stopped')
    this.runner.abort('the runtime was killed')
  }

  #end(state: 'stopped' | 'failed'): void {
    this.#state = state
    this.#wakes.cancel()
    this.#sampler?.stop()
    refuse(this.#sources.leftOutside(), 'the runtime ended before the command was taken')
    refuse(this.#cautious.waiting, UNANSWERED)
    this.#cautious.end()
    abandon([this.#open], 'the runtime ended before the command was committed')
    this.#open = undefined
    this.#idle.tell()
  }

  /** Whether there is anything to step beside what the batch at hand holds. */
  get #hasMore(): boolean {
    const isRunning = this.#state === 'running'
    const pending = this.#open?.batch.pending.size ?? (this.#flight?.base ?? this.#base).pending.length
    return (
      pending > 0 ||
      this.#sources.hasWork(this.#options.clock.now(), isRunning) ||
      (isRunning && this.#walk.canGoOn) ||
      (this.#open === undefined && this.#losses.wantsCommit)
    )
  }

  /** Whether a turn could do anything now: what cannot be stepped on a flight waits until that has arrived. */
  get #canTurn(): boolean {
    if (this.#flight === undefined) return this.#open !== undefined || (this.#hasMore && !this.#isBarred)
    if (this.#open === undefined) return !this.#needsQuiet && this.#hasMore
    return !this.#open.batch.isFull && this.#hasMore
  }

  get #isBarred(): boolean {
    return this.#cautious.isBarred(() => this.#wake())
  }

  /** Whoever steps with care, and whoever forgets, does so on what is durable alone. */
  get #needsQuiet(): boolean {
    return this.#cautious.isInCharge || this.#retention.nextAt <= this.#options.clock.now()
  }

  #wake(): void {
    if (!this.#turning && !this.isOver) this.#wakes.soon()
  }

  #turn(): void {
    if (this.isOver) return
    this.#turning = true
    try {
      this.#fill()
      this.#depart()
    } catch (error) {
      this.#fail(error)
    }
    this.#turning = false
    this.#rest()
  }

  /** Steps what there is to step, as far as the batch at hand has room. */
  #fill(): void {
    const { limits, clock } = this.#options
    if (this.#open === undefined) {
      if (this.#flight === undefined) this.#retention.sweep()
      else if (this.#needsQuiet) return
    }
    const now = clock.now()
    if (this.#state === 'running') {
      this.#sources.replenish(now, address => this.read(address))
      this.#walk.goOn(this.#sources.insideSize === 0 && this.#base.pending.length === 0)
    }
    const observer = this.#open === undefined ? this.#options.observer?.batch() : this.#open.observer
    const site = this.#site(now, observer)
    if (this.#cautious.isInCharge) {
      if (this.#isBarred) return
      this.#open = { ...this.#cautious.next(site, this.#sources), observer }
      observer?.paused()
      return
    }
    const filling =
      this.#open instanceof Filling ? this.#open : new Filling(new Batch(site), limits, observer)
    this.#open = filling
    filling.batch.timed(site)
    observer?.resumed()
    // What flies may arrive at any moment: it is looked for between slices. While none does one slice departs alone, and
    // the rest is stepped meanwhile: of all that waits in one commit, what comes of it would wait for the next, in step.
    filling.fill(this.#sources, limits.sliceCommandsMax)
    observer?.paused()
    this.#open = filling.isOfUse || this.#losses.wantsCommit ? filling : undefined
  }

  #site(now: number, observer: BatchObserver | undefined): BatchSite {
    const { bindings, limits, journal, time, isHere } = this.#options
    const stamp = time === 'event' ? Number.NEGATIVE_INFINITY : now
    const ground = groundOf(this.#flight, { base: this.#base, lives: this.cache, journal })
    return { ...ground, bindings, limits, now, stamp, observer, isHere, losses: this.#losses }
  }

  /** Sends the batch at hand on its way, unless one is. */
  #depart(): void {
    const open = this.#open
    if (open === undefined || this.#flight !== undefined) return
    const { batch, taken, observer } = open
    observer?.committing()
    const made = { ...batch.toCommit(), ...this.#losses.offer() }
    this.#open = undefined
    const flight: Flight = {
      ...open,
      commit: { ...made, pending: [...this.#held, ...made.pending] },
      base: { position: this.#base.position + made.entries.length, pending: made.pending },
      // What is only marked as about to be stepped is still due: it must not be asked for a second time.
      holdsDue: this.#sources.areDueTaken && (batch.size > 0 || taken.length === 0),
    }
    if (batch.isEmpty && made.losses === undefined) {
      this.#arrived(flight)
      return this.#letOut(flight)
    }
    this.#flight = flight
    const { log = this.#options.journal } = this.#options
    log.append(flight.commit).then(
      () => this.#landed(flight),
      (error: unknown) => this.#lost(flight, error),
    )
  }

  /** A commit is durable. */
  #landed(flight: Flight): void {
    this.#flight = undefined
    // A kill may have come while the commit was on its way.
    if (this.isOver) return abandon([flight], UNANSWERED)
    try {
      this.#assertOurs(flight)
      this.#arrived(flight)
      // The next is on its way while this one is let out: the disk need not wait for it.
      this.#depart()
      this.#letOut(flight)
    } catch (error) {
      this.#fail(error)
    }
    this.#rest()
  }

  /** Between a commit and what leaves with it the shard may have passed to another, who lets it out then. */
  #assertOurs(flight: Flight): void {
    if (this.#options.isOurs?.() !== false) return
    abandon([flight], UNANSWERED)
    throw new UnavailableError('the shard may be another member’s by now')
  }

  /** What a batch made is what there is from now on. */
  #arrived({ batch, commit, base, holdsDue, observer }: Flight): void {
    const now = this.#options.clock.now()
    this.#losses.committed()
    this.#cautious.committed(batch)
    observer?.committed(batch.isEmpty ? undefined : commit, batch.bytes)
    this.#base = base
    for (const change of commit.records) this.#sources.note(change.index)
    if (holdsDue) this.#sources.committed()
    for (const life of batch.lives.values()) this.cache.committed(life, now)
    this.#walk.note(batch.lives.values())
    this.cache.sweep(now)
  }

  /** Lets out what a durable batch holds. */
  #letOut({ batch, base, commit }: Flight): void {
    this.#dispatcher.dispatch(batch, this.#options.clock.now())
    this.#sampler?.note(commit)
    this.#options.onCommitted?.({ lives: batch.lives.values(), pending: base.pending })
  }

  /** A commit did not become durable. */
  #lost(flight: Flight, error: unknown): void {
    const lost = [flight, this.#open]
    const reason = commitFailed(error)
    this.#flight = undefined
    this.#open = undefined
    if (!isJournalFull(error) || this.isOver) {
      abandon(lost, this.isOver ? UNANSWERED : reason, reason)
      return this.#fail(error)
    }
    const from = { sources: this.#sources, cache: this.cache, cautious: this.#cautious, losses: this.#losses }
    takeBack(lost, reason, from)
    this.#options.logger.error(
      { error: toErrorValue(error) },
      'the journal is full; nothing is lost, commands are refused',
    )
    this.#wakes.leaveAlone(this.#options.limits.journalFullRetryMs)
  }

  #fail(cause: unknown): void {
    if (this.isOver) return
    const error = asError(cause)
    this.#options.logger.error({ error: toErrorValue(error) }, 'the runtime failed')
    this.#end('failed')
    this.runner.abort('the runtime failed')
    this.#options.onFailed?.(error)
  }

  /** Nothing to do for now: set the alarm for what is due next, and settle the journal meanwhile. */
  #rest(): void {
    if (this.isOver) return this.#idle.tell()
    const { clock, limits } = this.#options
    this.#wakes.cancel()
    if (this.#canTurn) return this.#wake()
    if (this.#flight !== undefined || (this.#hasMore && this.#isBarred)) return
    this.#idle.tell()
    const waitMs = Math.min(this.#sources.nextAt, this.#retention.nextAt) - clock.now()
    this.#wakes.in(limits.settleAfterMs, () => this.#settle())
    this.#wakes.in(waitMs)
  }

  #settle(): void {
    if (this.isOver || this.#turning || this.#flight !== undefined) return
    try {
      settleRows(this.#options)
    } catch (error) {
      this.#fail(error)
    }
  }
}
