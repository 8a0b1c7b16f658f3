/**
 * A shard at work, and the whole of Perdure in one loop: take a batch from the inbox, step it, make one
 * commit of it, and once that is durable let out what it holds.
 *
 * Invariants
 * 1. Nothing leaves before its commit is durable: answers, events, custom actions, attempts all wait for it.
 * 2. One batch at a time: the next is stepped on what the last one committed.
 * 3. A batch that could not be committed changed nothing. What came from inside is stepped again later;
 *    who sent from outside is told.
 * 4. Recovery runs no user code: it reads positions, and orders attempts that were lost to be made again.
 */
import type { Address } from '../actors/address.js'
import { toErrorValue } from '../actors/codec.js'
import type { Command } from '../actors/command.js'
import { isJournalFull, type PerdureError, type SetupError, UnavailableError } from '../actors/errors.js'
import type { Delivery } from '../actors/inbox.js'
import { ActorCache } from './commit/actor-cache.js'
import { Batch, type BatchSite } from './commit/batch.js'
import { CautiousSteps } from './commit/cautious-steps.js'
import { sortPending } from './commit/held-commands.js'
import { Retention } from './commit/retention.js'
import { ActivityRunner } from './dispatch/activity-runner.js'
import { Dispatcher } from './dispatch/dispatcher.js'
import type { Followers } from './dispatch/followers.js'
import { CommandSources, type Taken } from './inbox/command-sources.js'
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
  #pending: readonly Command[]
  /** Pending as well, for whoever has their actors' versions. */
  readonly #held: readonly Command[]
  #position: number
  #state: 'running' | 'stopping' | 'stopped' | 'failed' = 'running'
  #turning = false
  #scheduled = false
  /** The journal is full and left alone for a while, whatever comes in. */
  #isResting = false
  #cancelAlarm: () => void = () => {}
  #idleListeners: (() => void)[] = []

  constructor(options: ShardHostOptions) {
    const { journal, bindings, limits, clock } = options
    this.#options = options
    this.followers = options.followers
    this.cache = new ActorCache(journal, bindings, limits)
    this.#position = journal.position
    const { pending, held } = sortPending(journal, bindings)
    this.#pending = pending
    this.#held = held
    if (held.length > 0)
      options.logger.warn({ commands: held.length }, 'commands wait for a version that was not given')
    this.#sources = new CommandSources({
      journal,
      inbox: options.inbox,
      limits,
      time: options.time ?? 'wall',
    })
    const kept = options.time === 'event' ? [] : bindings.all
    this.#retention = new Retention({ journal, cache: this.cache, clock, limits }, kept)
    this.#cautious = new CautiousSteps(journal.wasKilled, this.#pending, limits)
    this.runner = new ActivityRunner({
      clock,
      limits,
      submit: command => this.submit(command),
      read: address => this.read(address),
      hasDeadlines: options.time !== 'event',
      live: (address, event) => this.followers.tellLive(address, event),
      isLost: invocation => this.#sources.recovery.isLost(invocation),
      ...(options.onAttempt === undefined ? {} : { began: options.onAttempt }),
      ...(options.observer === undefined ? {} : { observer: options.observer }),
    })
    this.#dispatcher = new Dispatcher({
      journal,
      bindings,
      limits,
      followers: options.followers,
      runner: this.runner,
      warn: (facts, message) => options.logger.warn(facts, message),
    })
    options.inbox.onArrival(() => this.#wake())
  }

  start(): void {
    this.#wake()
  }

  /** A command from inside: a result, an order of the engine. There is always room for it. */
  submit(command: Command): void {
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
    return !this.#turning && !this.#hasWork()
  }

  /** Commands that wait inside, that actors sent, and that wait for a version. */
  get waiting(): { readonly inside: number; readonly pending: number; readonly held: number } {
    return { inside: this.#sources.insideSize, pending: this.#pending.length, held: this.#held.length }
  }

  /** Resolves when nothing waits to be stepped. */
  whenIdle(): Promise<void> {
    if (this.isIdle || this.#state === 'failed' || this.#state === 'stopped') return Promise.resolve()
    return new Promise(resolve => {
      this.#idleListeners.push(resolve)
      this.#wake()
    })
  }

  /** Steps all that was accepted, lets attempts end for up to `withinMs`, and commits what came of them. */
  async stop(withinMs: number): Promise<void> {
    if (this.#state !== 'running') return
    this.#state = 'stopping'
    let cancel = () => {}
    const patience = new Promise<void>(resolve => {
      cancel = this.#options.clock.after(withinMs, resolve)
    })
    await Promise.race([this.runner.drain().then(() => this.whenIdle()), patience])
    this.runner.abort('the runtime stops')
    await Promise.race([this.whenIdle(), patience])
    cancel()
    this.#end('stopped')
  }

  /** Ends at once, as a crash would: nothing is committed any more. */
  kill(): void {
    this.#end('stopped')
    this.runner.abort('the runtime was killed')
  }

  #end(state: 'stopped' | 'failed'): void {
    this.#state = state
    this.#cancelAlarm()
    refuse(
      this.#options.inbox.take(Number.POSITIVE_INFINITY),
      'the runtime ended before the command was taken',
    )
    refuse(this.#cautious.waiting, UNANSWERED)
    this.#tellIdle()
  }

  #hasWork(): boolean {
    const isRunning = this.#state === 'running'
    return (
      this.#pending.length > 0 ||
      this.#sources.hasWork(this.#options.clock.now(), isRunning) ||
      (isRunning && (this.runner.wantsMore || this.#sources.recovery.isRescanning))
    )
  }

  #wake(): void {
    if (this.#scheduled || this.#turning || this.#isResting || this.isOver) return
    this.#scheduled = true
    this.#cancelAlarm()
    this.#options.clock.soon(() => {
      this.#scheduled = false
      void this.#turn()
    })
  }

  async #turn(): Promise<void> {
    if (this.#turning || this.isOver) return
    this.#turning = true
    let restMs: number | undefined
    try {
      restMs = await this.#runBatch()
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(toErrorValue(error).message))
    }
    this.#turning = false
    this.#rest(restMs)
  }

  /** One batch. Answers how long to leave the journal alone when it is full. */
  async #runBatch(): Promise<number | undefined> {
    const { journal, bindings, limits, clock } = this.#options
    const now = clock.now()
    const observer = this.#options.observer?.batch()
    this.#retention.sweep()
    const { batch, taken } = this.#fill({
      cache: this.cache,
      bindings,
      limits,
      position: this.#position,
      now,
      stamp: this.#options.time === 'event' ? Number.NEGATIVE_INFINITY : now,
      pending: this.#pending,
      letter: id => journal.deadLetter(id),
      observer,
    })
    observer?.committing()
    const made = batch.toCommit()
    const commit = { ...made, pending: [...this.#held, ...made.pending] }
    try {
      if (!batch.isEmpty) await journal.append(commit)
    } catch (error) {
      if (isJournalFull(error)) {
        this.#rewind(batch, taken, error)
        return limits.journalFullRetryMs
      }
      refuse(deliveriesOf(taken), commitFailed(error))
      throw error
    }
    // A kill may have come while the commit was on its way.
    if (this.isOver) {
      refuse(deliveriesOf(taken), UNANSWERED)
      return undefined
    }
    observer?.committed(batch.isEmpty ? undefined : commit, batch.bytes)
    this.#position += commit.entries.length
    this.#pending = made.pending
    for (const change of commit.records) this.#sources.note(change.index)
    // What is only marked as about to be stepped is still due: it must not be asked for a second time.
    if (batch.size > 0 || taken.length === 0) this.#sources.committed()
    for (const life of batch.lives.values()) this.cache.put(life, now)
    this.cache.sweep(now)
    this.#dispatcher.dispatch(batch)
    this.#options.onCommitted?.({ lives: batch.lives.values(), pending: this.#pending })
    return undefined
  }

  #fill(site: BatchSite): Filled {
    const { limits } = this.#options
    if (this.#state === 'running') this.#replenish(site.now)
    if (this.#cautious.isInCharge) return this.#cautious.next(site, this.#sources)
    const batch = new Batch(site)
    const taken: Taken[] = []
    // Actors that talk without end, and activities that never cease, must not starve the rest: half a batch at
    // the most for what is left over, and the last quarter for what comes from outside first.
    const { batchCommandsMax } = limits
    batch.cascade(batchCommandsMax / 2)
    while (!batch.isFull) {
      const isLast = batch.size >= (batchCommandsMax * 3) / 4
      const one = this.#takeFor(batch, isLast)
      if (one === undefined) break
      taken.push(one)
      batch.apply(one.command, one.delivery)
      batch.cascade(isLast ? batchCommandsMax : (batchCommandsMax * 3) / 4)
    }
    batch.cascade(batchCommandsMax)
    return { batch, taken }
  }

  /** While actors have much to step that they sent each other, whoever comes from outside waits at the door. */
  #takeFor(batch: Batch, isLast: boolean): Taken | undefined {
    if (batch.pending.size >= this.#options.limits.pendingCommandsMax / 2) return this.#sources.takeInside()
    return isLast ? this.#sources.takeOutsideFirst() : this.#sources.take()
  }

  #replenish(now: number): void {
    this.#sources.replenish(now, address => this.read(address))
    const { recovery } = this.#sources
    if (this.runner.takeOverflow()) recovery.rescan()
    for (const address of recovery.nextRescanned()) {
      const life = this.read(address)
      if (life !== undefined) this.runner.reconcile(life)
    }
  }

  #rewind(batch: Batch, taken: readonly Taken[], error: SetupError): void {
    // What was stepped for nothing may have changed states it was given: they are read again.
    for (const address of batch.lives.keys()) this.cache.drop(address)
    this.#cautious.undo()
    refuse(this.#sources.putBack(taken), commitFailed(error))
    this.#options.logger.error(
      { error: toErrorValue(error) },
      'the journal is full; nothing is lost, commands are refused',
    )
  }

  #fail(error: Error): void {
    if (this.isOver) return
    this.#options.logger.error({ error: toErrorValue(error) }, 'the runtime failed')
    this.#end('failed')
    this.runner.abort('the runtime failed')
    this.#options.onFailed?.(error)
  }

  /** Nothing to do for now: set the alarm for what is due next, and settle the journal meanwhile. */
  #rest(restMs: number | undefined): void {
    if (this.isOver) return this.#tellIdle()
    const { clock, limits } = this.#options
    this.#cancelAlarm()
    if (restMs !== undefined) {
      this.#isResting = true
      this.#cancelAlarm = clock.after(restMs, () => {
        this.#isResting = false
        this.#wake()
      })
      return
    }
    if (this.#hasWork()) return this.#wake()
    this.#tellIdle()
    const waitMs = Math.min(this.#sources.nextAt, this.#retention.nextAt) - clock.now()
    const cancelSettle = clock.after(limits.settleAfterMs, () => this.#settle())
    const cancelDue = Number.isFinite(waitMs) ? clock.after(waitMs, () => this.#wake()) : () => {}
    this.#cancelAlarm = () => {
      cancelSettle()
      cancelDue()
    }
  }

  /** Rows may lag behind for as long as there is no room for them: all they say is in the segments. */
  #settle(): void {
    if (this.isOver || this.#turning) return
    try {
      this.#options.journal.settle()
    } catch (error) {
      if (isJournalFull(error))
        this.#options.logger.warn({ error: toErrorValue(error) }, 'no room to settle the journal')
      else this.#fail(error instanceof Error ? error : new Error(toErrorValue(error).message))
    }
  }

  #tellIdle(): void {
    const listeners = this.#idleListeners
    this.#idleListeners = []
    for (const listener of listeners) listener()
  }
}

const REFUSALS = {
  stopping: 'the runtime is stopping',
  stopped: 'the runtime has stopped',
  failed: 'the journal failed; the runtime must be restarted',
}

interface Filled {
  readonly batch: Batch
  readonly taken: readonly Taken[]
}

function deliveriesOf(taken: readonly Taken[]): readonly Delivery[] {
  return taken.flatMap(one => one.delivery ?? [])
}

/** Said of a command that is durable, while its outcome may not be. */
const UNANSWERED = 'the runtime ended; the command may be applied all the same: ask again with its id'

function commitFailed(error: unknown): string {
  return `the commit failed: ${toErrorValue(error).message}`
}

function refuse(deliveries: readonly Delivery[], reason: string): void {
  for (const delivery of deliveries)
    delivery.settle({ ok: false, error: new UnavailableError(reason, delivery.command.target) })
}
