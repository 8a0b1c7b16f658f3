/**
 * Stepping after a kill. A command may have killed the process, and will again: so for a while commands are
 * first committed as pending, then stepped one by one, each begun attempt committed before it begins. One
 * whose attempts are used up is not stepped again; it becomes a dead letter.
 *
 * Invariant: while this is in charge, the first durable pending command is the only one a step of which may
 * have begun.
 */
import type { Command } from '../../actors/command.js'
import type { Delivery } from '../../actors/inbox.js'
import type { Limits } from '../../actors/limits.js'
import type { CommandSources, Taken } from '../inbox/command-sources.js'
import { Batch, type BatchSite } from './batch.js'

export class CautiousSteps {
  readonly #limits: Limits
  readonly #deliveries = new Map<string, Delivery>()
  #left: number
  #isHeadMarked = false
  /** The command of the last batch, until that is known to be committed. */
  #stepping: string | undefined
  #wasUsedUp = false

  /** @param left commands to be stepped so. */
  constructor(left: number, limits: Limits) {
    this.#left = left
    this.#limits = limits
  }

  get isInCharge(): boolean {
    return this.#left > 0 || this.#deliveries.size > 0
  }

  /** The next batch: one that takes commands in, one that marks, or one that steps the first. */
  next(site: BatchSite, sources: CommandSources): { batch: Batch; taken: readonly Taken[] } {
    if (this.#stepping !== undefined) this.#deliveries.delete(this.#stepping)
    this.#stepping = undefined
    const [head, ...rest] = site.pending
    if (head === undefined) return this.#accept(site, sources)
    if (!this.#isHeadMarked && !this.#isUsedUp(head)) {
      this.#isHeadMarked = true
      return { batch: this.#unstepped(site, [marked(head), ...rest]), taken: [] }
    }
    return { batch: this.#stepHead(site, head, rest), taken: [] }
  }

  /** Those who sent what was taken in, and must be told that it will not be answered here. */
  get waiting(): readonly Delivery[] {
    return [...this.#deliveries.values()]
  }

  #accept(site: BatchSite, sources: CommandSources): { batch: Batch; taken: readonly Taken[] } {
    const taken: Taken[] = []
    while (taken.length < this.#limits.cautiousCommandsMax) {
      const one = sources.take()
      if (one === undefined) break
      taken.push(one)
    }
    if (taken.length === 0) return { batch: new Batch(site), taken }
    for (const { command, delivery } of taken)
      if (delivery !== undefined) this.#deliveries.set(nameOf(command), delivery)
    const [head, ...rest] = taken.map(one => one.command)
    this.#isHeadMarked = true
    return { batch: this.#unstepped(site, [marked(head!), ...rest]), taken }
  }

  /** The commit of the last batch failed: things are as they were before it. */
  forget(taken: readonly Taken[]): void {
    for (const { command } of taken) this.#deliveries.delete(nameOf(command))
    this.#isHeadMarked = this.#stepping !== undefined && !this.#wasUsedUp
    if (this.#stepping !== undefined) this.#left++
    this.#stepping = undefined
  }

  #unstepped(site: BatchSite, pending: readonly Command[]): Batch {
    const batch = new Batch({ ...site, pending })
    batch.changesPending = true
    return batch
  }

  #stepHead(site: BatchSite, head: Command, rest: readonly Command[]): Batch {
    const batch = new Batch({ ...site, pending: rest })
    batch.changesPending = true
    const name = nameOf(head)
    const delivery = this.#deliveries.get(name)
    this.#stepping = name
    this.#left--
    this.#wasUsedUp = !this.#isHeadMarked
    if (this.#wasUsedUp) batch.abandon(head, delivery)
    else batch.apply(head, delivery)
    const [next, ...others] = batch.pending.toArray()
    this.#isHeadMarked = next !== undefined && !this.#isUsedUp(next)
    if (this.#isHeadMarked) batch.pending.replace([marked(next!), ...others])
    return batch
  }

  #isUsedUp(command: Command): boolean {
    return (command.attempts ?? 0) >= this.#limits.poisonAttemptsMax
  }
}

function marked(command: Command): Command {
  return { ...command, attempts: (command.attempts ?? 0) + 1 }
}

function nameOf(command: Command): string {
  return `${command.target} ${command.commandId}`
}
