/**
 * A runtime in event time: commands bring the time at which they happened, and an actor's time is its own.
 * An actor's next event waits until the actor, its children, and those they asked owe nothing for the last;
 * a timer due at or before the next event fires first. So the outcome depends on the input alone, and not
 * on how fast it is read or how often the process is killed on the way.
 *
 * Owns: the order of one actor's commands. Not: anything durable. After a crash the sender sends again what
 * was not acknowledged.
 */
import { type Address, addressOf, childAddress, rootOf } from '../../actors/address.js'
import type { ActorEvent, Command } from '../../actors/command.js'
import type { PerdureError } from '../../actors/errors.js'
import type { AppliedCommand } from '../../actors/inbox.js'
import { dueTimers } from '../inbox/due-actors.js'
import { Queue } from '../inbox/queue.js'
import { RealWaits } from '../inbox/real-waits.js'
import type { Committed } from '../shard-host-options.js'
import type { Life } from '../step/life.js'
import type { EmbeddedOptions } from './embedded-runtime.js'
import { EmbeddedRuntime } from './embedded-runtime.js'

interface Item {
  readonly command: Command & { readonly at: number }
  resolve(applied: AppliedCommand): void
  reject(error: PerdureError): void
}

/** One root whose commands are in hand. */
interface Gate {
  readonly root: Address
  readonly items: Queue<Item>
  next: Item | undefined
  busy: boolean
  settled: Waiting[]
}

/** Who waits for something that may not come any more. */
interface Waiting {
  resolve(): void
  reject(error: Error): void
}

export class EventTimeRuntime {
  readonly runtime: EmbeddedRuntime
  readonly #gates = new Map<Address, Gate>()
  readonly #waits: RealWaits
  #pendingRoots: ReadonlySet<Address> = new Set()
  #finishing = false
  #quiet: Waiting | undefined
  /** Why nothing will be applied any more. */
  #ended: PerdureError | undefined

  constructor(options: Omit<EmbeddedOptions, 'time' | 'onCommitted'>) {
    this.#waits = new RealWaits(options.clock, command => this.runtime.shard.host.submit(command))
    this.runtime = new EmbeddedRuntime({
      ...options,
      time: 'event',
      onCommitted: committed => this.#committed(committed),
    })
    this.runtime.service.onEnd(error => this.#end(error))
  }

  /** Resolves once the command is applied and durable. `at`: milliseconds since 1970, when it happened. */
  submit(
    type: string,
    key: string,
    event: ActorEvent,
    options: { id: string; at: number },
  ): Promise<AppliedCommand> {
    const target = addressOf(type, key)
    const command = { kind: 'message', commandId: options.id, target, event, at: options.at } as const
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended
      const gate = this.#gate(target)
      gate.items.push({ command, resolve, reject })
      this.#advance(gate)
    })
  }

  /** Resolves when the actor owes nothing for what it was given so far. @throws PerdureError once the runtime has ended */
  whenSettled(type: string, key: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended
      const gate = this.#gate(addressOf(type, key))
      gate.settled.push({ resolve, reject })
      this.#advance(gate)
    })
  }

  /**
   * The input has ended: resolves when all is settled and the last timer has fired that can (an actor whose
   * version is not here keeps its own). @throws PerdureError when the runtime ends before
   */
  async finish(): Promise<void> {
    this.#finishing = true
    let limit = this.runtime.service.limits.dueActorsPageMax
    for (;;) {
      if (this.#ended !== undefined) throw this.#ended
      const { journal } = this.runtime.shard
      const { position } = journal
      const due = journal.due('timer', Number.MAX_VALUE, limit)
      for (const { address } of due) this.#gate(rootOf(address))
      for (const gate of [...this.#gates.values()]) this.#advance(gate)
      await this.#whenQuiet()
      if (this.#ended === undefined && journal.position === position) {
        if (due.length < limit) return
        // None of these could move: those after them may.
        limit *= 2
      }
    }
  }

  async stop(): Promise<void> {
    this.#waits.stop()
    await this.runtime.stop()
  }

  #whenQuiet(): Promise<void> {
    if (this.#gates.size === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#quiet = { resolve, reject }
    })
  }

  #gate(root: Address): Gate {
    let gate = this.#gates.get(root)
    if (gate === undefined) {
      gate = { root, items: new Queue(), next: undefined, busy: false, settled: [] }
      this.#gates.set(root, gate)
    }
    return gate
  }

  #committed({ lives, pending }: Committed): void {
    this.#pendingRoots = new Set(pending.flatMap(one => [one.target, one.sender ?? one.target]).map(rootOf))
    const roots = new Set<Address>()
    for (const life of lives) {
      roots.add(rootOf(life.record.address))
      this.#waits.note(life)
    }
    for (const root of roots) {
      const gate = this.#gates.get(root)
      if (gate !== undefined) this.#advance(gate)
    }
  }

  /** Nobody waits for what cannot come any more. */
  #end(error: PerdureError): void {
    this.#ended = error
    this.#waits.stop()
    for (const { next, items, settled } of this.#gates.values())
      for (const one of [...(next === undefined ? [] : [next]), ...items.toArray(), ...settled])
        one.reject(error)
    this.#gates.clear()
    this.#quiet?.reject(error)
  }

  #advance(gate: Gate): void {
    if (this.#ended !== undefined) return
    if (gate.busy || this.#pendingRoots.has(gate.root)) return
    const family = this.#family(gate.root)
    if (family.some(owes)) return
    for (const settled of gate.settled.splice(0)) settled.resolve()
    gate.next ??= gate.items.shift()
    const until = gate.next?.command.at ?? (this.#finishing ? Number.MAX_VALUE : Number.NEGATIVE_INFINITY)
    const timer = firstTimer(family, until)
    if (timer !== undefined) return this.#step(gate, timer)
    const { next } = gate
    if (next === undefined) return this.#close(gate)
    gate.next = undefined
    this.#step(gate, next.command, next)
  }

  #close(gate: Gate): void {
    if (gate.settled.length > 0) return
    this.#gates.delete(gate.root)
    if (this.#gates.size > 0) return
    this.#quiet?.resolve()
    this.#quiet = undefined
  }

  #step(gate: Gate, command: Command, item?: Item): void {
    const { clock, limits } = this.runtime.service
    gate.busy = true
    const goOn = () => {
      gate.busy = false
      this.#advance(gate)
    }
    this.runtime.service.submit(command).then(
      applied => {
        item?.resolve(applied)
        goOn()
      },
      (error: PerdureError) => {
        item?.reject(error)
        // A timer has nobody to try it again: there was no room for it, and there may be some later.
        if (item === undefined) clock.after(limits.journalFullRetryMs, goOn)
        else goOn()
      },
    )
  }

  /** A root and all below it, as last committed. */
  #family(root: Address): Life[] {
    const found: Life[] = []
    const visit = (address: Address) => {
      const life = this.runtime.shard.host.read(address)
      if (life === undefined) return
      found.push(life)
      for (const child of life.record.children) visit(childAddress(address, child.id))
    }
    visit(root)
    return found
  }
}

function owes({ record }: Life): boolean {
  return (
    record.quarantine === undefined &&
    record.invocations.some(one => one.tasks.some(task => task.state !== 'parked'))
  )
}

function firstTimer(family: readonly Life[], until: number): Command | undefined {
  let first: { dueAt: number; command: Command } | undefined
  for (const life of family) {
    if (life.record.status !== 'active' || life.record.quarantine !== undefined) continue
    const [command] = dueTimers(life, until)
    if (command?.kind !== 'timer') continue
    const { dueAt } = life.record.timers.find(one => one.number === command.timer)!
    if (first === undefined || dueAt < first.dueAt) first = { dueAt, command: { ...command, at: dueAt } }
  }
  return first?.command
}
