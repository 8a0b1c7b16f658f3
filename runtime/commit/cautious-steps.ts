/**
 * Stepping after a kill. A command may have killed the process, and will again. So the first batch after an
 * unclean start is committed as pending, each command marked as attempted, before it is stepped. A process
 * that dies in it finds these suspects at its next start and steps them one by one, each marked again before
 * it begins; one whose attempts are used up is not stepped any more and becomes a dead letter.
 *
 * Invariants: while suspects are stepped, the first durable pending command is the only one a step of which
 * may have begun; an innocent command is attempted at most twice, so never used up.
 */
import type { Command } from '../../actors/command.js'
import type { Delivery } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import type { CommandSources, Taken } from '../inbox/command-sources.js'
import { Queue } from '../inbox/queue.js'
import { Batch, type BatchSite } from './batch.js'

interface CautiousBatch {
  readonly batch: Batch
  readonly taken: readonly Taken[]
}

export class CautiousSteps {
  readonly #limits: Limits
  /** By the marked command itself: two may come under one id, and each sender is answered. */
  readonly #deliveries = new Map<Command, Delivery>()
  /** Commands to be taken in with a mark. */
  #left: number
  /** Pending commands, from the first, that an earlier process began and did not end. */
  #suspects: number
  /** Whether the first suspect is marked for this attempt; or, without suspects, whether what is pending is. */
  #isMarked = false
  /** Makes things as they were before the last batch, should its commit fail. */
  #undo = () => {}
  /** What the last batch stepped, until that is known to be committed. */
  #stepped: readonly Command[] = []

  /** @param wasKilled whether the process before this one was; @param pending what it left. */
  constructor(wasKilled: boolean, pending: readonly Command[], limits: Limits) {
    this.#limits = limits
    this.#suspects = pending.some(one => one.attempts !== undefined) ? pending.length : 0
    this.#left = wasKilled || this.#suspects > 0 ? limits.batchCommandsMax : 0
  }

  get isInCharge(): boolean {
    return this.#left > 0 || this.#suspects > 0 || this.#isMarked
  }

  /** Those who sent what was taken in, and must be told that it will not be answered here. */
  get waiting(): readonly Delivery[] {
    return [...this.#deliveries.values()]
  }

  /** The next batch: one that marks, or one that steps what is marked. */
  next(site: BatchSite, sources: CommandSources): CautiousBatch {
    for (const command of this.#stepped) this.#deliveries.delete(command)
    this.#stepped = []
    const [left, suspects, isMarked] = [this.#left, this.#suspects, this.#isMarked]
    this.#undo = () => {
      this.#left = left
      this.#suspects = suspects
      this.#isMarked = isMarked
    }
    if (suspects > 0) return { batch: this.#stepSuspect(site), taken: [] }
    return isMarked ? { batch: this.#stepMarked(site), taken: [] } : this.#takeIn(site, sources)
  }

  /** The commit of the last batch failed. */
  undo(): void {
    this.#stepped = []
    this.#undo()
  }

  /** Commits commands as pending, marked, before any of them is stepped. */
  #takeIn(site: BatchSite, sources: CommandSources): CautiousBatch {
    const taken: Taken[] = []
    while (taken.length + site.pending.length < this.#limits.batchCommandsMax) {
      const one = sources.take()
      if (one === undefined) break
      taken.push(one)
    }
    const commands = [...site.pending, ...taken.map(one => one.command)].map(marked)
    if (commands.length === 0) return { batch: new Batch(site), taken }
    for (const [index, { delivery }] of taken.entries())
      if (delivery !== undefined) this.#deliveries.set(commands[site.pending.length + index]!, delivery)
    const undo = this.#undo
    this.#undo = () => {
      undo()
      for (const command of commands) this.#deliveries.delete(command)
    }
    this.#isMarked = true
    this.#left -= commands.length
    const batch = changingPending(site, commands)
    for (const { delivery } of taken) if (delivery !== undefined) batch.took(delivery)
    return { batch, taken }
  }

  /** As many as one commit may hold: the others stay pending, marked, before what the stepped ones sent. */
  #stepMarked(site: BatchSite): Batch {
    const batch = changingPending(site, [])
    const left = new Queue<Command>()
    left.replace(site.pending)
    const stepped: Command[] = []
    for (let next = left.shift(); next !== undefined; next = batch.isFull ? undefined : left.shift()) {
      batch.apply(next, this.#deliveries.get(next))
      stepped.push(next)
    }
    this.#stepped = stepped
    const rest = left.toArray()
    this.#isMarked = rest.some(one => one.attempts !== undefined)
    if (rest.length === 0) batch.cascade(this.#limits.batchCommandsMax)
    else batch.pending.replace([...rest, ...batch.pending.toArray()])
    return batch
  }

  #stepSuspect(site: BatchSite): Batch {
    const [head, ...rest] = site.pending as [Command, ...Command[]]
    const isUsedUp = this.#isUsedUp(head)
    if (!this.#isMarked && !isUsedUp) {
      this.#isMarked = true
      return changingPending(site, [marked(head), ...rest])
    }
    const batch = changingPending(site, rest)
    this.#suspects--
    // Whoever sent it waited in the process that died of it.
    if (this.#isMarked) batch.apply(head)
    else batch.abandon(head)
    const [next, ...others] = batch.pending.toArray()
    this.#isMarked = this.#suspects > 0 && next !== undefined && !this.#isUsedUp(next)
    if (this.#isMarked) batch.pending.replace([marked(next!), ...others])
    return batch
  }

  #isUsedUp(command: Command): boolean {
    return (command.attempts ?? 0) >= this.#limits.poisonAttemptsMax
  }
}

function changingPending(site: BatchSite, pending: readonly Command[]): Batch {
  const batch = new Batch({ ...site, pending })
  batch.changesPending = true
  return batch
}

function marked(command: Command): Command {
  return { ...command, attempts: (command.attempts ?? 0) + 1 }
}
