/**
 * Stepping after a kill. A command may have killed the process, and will again. So what is taken in after an unclean start
 * is committed as pending, each command marked once for the death that was, before any is stepped. A few are stepped one
 * by one, each marked again before it begins, and each in a commit of its own. So many that this would keep the others
 * waiting are stepped as one; should that kill the process, the next finds them suspect, and steps them one by one. One
 * whose attempts are used up is not stepped any more and becomes a dead letter: after three deaths, four where it came
 * with many.
 *
 * Why not three there as well: a process that dies while one is stepped alone may have been killed by anybody, and the log
 * shows no more than that nothing was committed. Two such deaths of one command are taken for proof, one is not; so that
 * of three deaths, the first of which nobody marked, the second must have been met alone.
 *
 * Invariants: while suspects are stepped, the first durable pending command is the only one a step of which may have
 * begun; a command is given up only after `poisonAttemptsMax - 1` deaths in which it was that one, in its shard, and from
 * the second on in the whole process. What was taken in is read: no commit after that names its place.
 */
import type { Command } from '../../actors/command.js'
import type { Delivery } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import type { CommandSources, Taken } from '../inbox/command-sources.js'
import { Queue } from '../inbox/queue.js'
import { Batch } from './batch.js'
import type { BatchSite } from './batch-site.js'
import { CareTurns } from './care-turns.js'
import { PendingCommands } from './pending-commands.js'

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
  #last: Batch | undefined
  /** What the last batch stepped, or marked again, until that is known to be committed. */
  #stepped: Command[] = []

  readonly #turns: CareTurns

  /** @param wasKilled whether the process before this one was; @param pending what it left. */
  constructor(wasKilled: boolean, pending: readonly Command[], limits: Limits, turns = new CareTurns()) {
    this.#limits = limits
    this.#turns = turns
    this.#suspects = pending.some(one => one.attempts !== undefined) ? pending.length : 0
    if (this.#suspects > 0) turns.suspect(this)
    this.#left = wasKilled || this.#suspects > 0 ? limits.batchCommandsMax : 0
  }

  get isInCharge(): boolean {
    return this.#left > 0 || this.#suspects > 0 || this.#isMarked
  }

  /** Whether another shard of the process steps with care, and this one has to wait; it is woken then. */
  isBarred(wake: () => void): boolean {
    return this.isInCharge && !this.#turns.mayGoOn(this, wake)
  }

  /** Nothing is stepped any more. */
  end(): void {
    this.#turns.over(this)
  }

  /** Those who sent what was taken in, and must be told that it will not be answered here. */
  get waiting(): readonly Delivery[] {
    return [...new Set(this.#deliveries.values())]
  }

  /** The next batch: one that marks, or one that steps what is marked. */
  next(site: BatchSite, sources: CommandSources): CautiousBatch {
    this.#forgetStepped()
    this.#turns.take(this)
    const [left, suspects, isMarked] = [this.#left, this.#suspects, this.#isMarked]
    this.#undo = () => {
      this.#left = left
      this.#suspects = suspects
      this.#isMarked = isMarked
    }
    const made = this.#made(site, sources)
    this.#last = made.batch
    return made
  }

  #made(site: BatchSite, sources: CommandSources): CautiousBatch {
    if (this.#suspects > 0) return { batch: this.#stepSuspect(site), taken: [] }
    return this.#isMarked ? { batch: this.#stepMarked(site), taken: [] } : this.#takeIn(site, sources)
  }

  /** A commit is durable: whoever waited for what it stepped is answered with it. */
  committed(batch: Batch): void {
    if (batch !== this.#last) return
    this.#forgetStepped()
    if (this.#suspects === 0 && !this.#isMarked) this.#turns.over(this)
  }

  #forgetStepped(): void {
    for (const command of this.#stepped) this.#deliveries.delete(command)
    this.#stepped = []
  }

  /** Commits failed: makes things as they were before the last batch, if it was among them. */
  undo(lost: readonly Batch[]): void {
    if (this.#last === undefined || !lost.includes(this.#last)) return
    this.#last = undefined
    this.#stepped = []
    this.#undo()
  }

  #undoing(more: () => void): void {
    const undo = this.#undo
    this.#undo = () => {
      undo()
      more()
    }
  }

  /** Commits commands as pending, marked, before any of them is stepped. */
  #takeIn(site: BatchSite, sources: CommandSources): CautiousBatch {
    const taken: Taken[] = []
    const pending = new PendingCommands(site.pending)
    const { batchCommandsMax, pendingBytesMax } = this.#limits
    while (pending.size < batchCommandsMax && pending.bytes < pendingBytesMax / 2) {
      const one = sources.take()
      if (one === undefined) break
      taken.push(one)
      pending.push(one.command)
    }
    if (taken.length + site.pending.length === 0) return { batch: new Batch(site), taken }
    const stepped = taken.filter(one => one.delivery?.refusal === undefined)
    const commands = [...site.pending, ...stepped.map(heldFor)].map(marked)
    const [head] = commands
    if (head !== undefined && commands.length <= this.#limits.soloCommandsMax) {
      this.#suspects = commands.length
      commands[0] = marked(head)
    }
    for (const [index, { delivery }] of stepped.entries())
      if (delivery !== undefined)
        this.#deliveries.set(commands[site.pending.length + index]!, placed(delivery))
    this.#undoing(() => {
      for (const command of commands) this.#deliveries.delete(command)
    })
    this.#isMarked = head !== undefined
    this.#left -= site.pending.length + taken.length
    return { batch: takingIn(changingPending(site, commands), taken), taken }
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
      return changingPending(site, [this.#marked(head), ...rest])
    }
    const batch = changingPending(site, rest)
    this.#suspects--
    batch.released = []
    // Of one that an earlier process took in, whoever sent it waited there.
    if (this.#isMarked) batch.apply(head, this.#deliveries.get(head))
    else batch.abandon(head)
    this.#stepped.push(head)
    // What an actor held back is as suspect as the order that releases it; nobody waits for that.
    const released = batch.released.map((one): Command => ({ ...one, unheard: true }))
    this.#suspects += released.length
    const [next, ...others] = [...released, ...batch.pending.toArray()]
    batch.pending.replace(next === undefined ? [] : [next, ...others])
    this.#isMarked = this.#suspects > 0 && next !== undefined && !this.#isUsedUp(next)
    if (this.#isMarked) batch.pending.replace([this.#marked(next!), ...others])
    return batch
  }

  /** Marked, it is still the one that its sender waits for. */
  #marked(command: Command): Command {
    const again = marked(command)
    const delivery = this.#deliveries.get(command)
    if (delivery === undefined) return again
    this.#deliveries.set(again, delivery)
    this.#stepped.push(command)
    this.#undoing(() => this.#deliveries.delete(again))
    return again
  }

  #isUsedUp(command: Command): boolean {
    return (command.attempts ?? 0) >= this.#limits.poisonAttemptsMax
  }
}

function takingIn(batch: Batch, taken: readonly Taken[]): Batch {
  for (const { command, delivery } of taken) {
    if (delivery !== undefined) batch.took(delivery)
    // Nothing of it is stepped, so it kills nobody; and who goes on from here would not know what is wrong with it.
    if (delivery?.refusal !== undefined) batch.turnAway(delivery, delivery.refusal)
    // A result among them is known by the attempt that the record has, should the process die of it.
    else batch.countLosses(command)
  }
  return batch
}

/** The command as it is left to whoever steps it, who may be another. */
function heldFor({ command, delivery }: Taken): Command {
  return delivery?.isUnheard === true ? { ...command, unheard: true } : command
}

/** Its inbox is read beyond it by then: with the place of each again, it would be read from there by whoever is next. */
function placed({ place: _, ...delivery }: Delivery): Delivery {
  return delivery
}

function changingPending(site: BatchSite, pending: readonly Command[]): Batch {
  const batch = new Batch({ ...site, pending })
  batch.changesPending = true
  return batch
}

function marked(command: Command): Command {
  return { ...command, attempts: (command.attempts ?? 0) + 1 }
}
