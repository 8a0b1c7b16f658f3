/**
 * A world of actors without an engine: what their effects ask for happens at once, time passes when told to.
 * Each actor runs under both executors side by side.
 */
import { childAddress, parentOf } from '../../../actors/address.js'
import type { Effect } from '../../../actors/effect.js'
import type { Stimulus } from '../../../actors/logic.js'
import { type Executors, SideBySide } from './side-by-side.js'

interface Actor {
  readonly address: string
  /** Its id among its parent's children. */
  readonly id: string
  readonly executors: Executors
  readonly both: SideBySide
}

interface Timer {
  readonly owner: Actor
  readonly id: string
  readonly dueAt: number
  deliver(): void
}

const ROOT = 'thing/one'

export class World {
  readonly #actors = new Map<string, Actor>()
  readonly #queue: (() => void)[] = []
  #timers: Timer[] = []
  #now = 0
  readonly root: SideBySide

  constructor(executors: Executors) {
    this.root = this.#bear(ROOT, '', executors, undefined)
  }

  /** Has an event from outside taken, with all that follows from it. */
  send(type: string): void {
    this.#tell(ROOT, { type: 'event', event: { type } })
    this.#drain()
  }

  /** Lets time pass: what was sent arrives, each timer fires when it is due. */
  advance(ms: number): void {
    this.#drain()
    const until = this.#now + ms
    for (let next = this.#nextTimer(); next !== undefined && next.dueAt <= until; next = this.#nextTimer()) {
      this.#now = next.dueAt
      this.#timers.splice(this.#timers.indexOf(next), 1)
      next.deliver()
      this.#drain()
    }
    this.#now = until
  }

  #nextTimer(): Timer | undefined {
    return [...this.#timers].sort((one, other) => one.dueAt - other.dueAt)[0]
  }

  #bear(address: string, id: string, executors: Executors, input: unknown): SideBySide {
    const both = new SideBySide(executors, input, address, parentOf(address))
    const actor = { address, id, executors, both }
    this.#actors.set(address, actor)
    this.#follow(actor)
    return both
  }

  #tell(address: string, stimulus: Stimulus): void {
    this.#queue.push(() => {
      const actor = this.#actors.get(address)
      if (actor === undefined) return
      actor.both.take(stimulus)
      this.#follow(actor)
    })
  }

  #drain(): void {
    // Machines that never settle are no use to anybody here.
    for (let steps = 0; this.#queue.length > 0 && steps < 1_000; steps++) this.#queue.shift()!()
  }

  /** Carries out what the actor's last step wants done. */
  #follow(actor: Actor): void {
    if (actor.both.failed !== undefined) throw new Error(actor.both.failed)
    for (const effect of actor.both.effects) this.#carryOut(actor, effect)
    const { status, output, error } = actor.both.snapshot
    if (status === 'active') return
    this.#remove(actor.address)
    const parent = parentOf(actor.address)
    if (parent === undefined) return
    const { id } = actor
    this.#tell(
      parent,
      status === 'done' ? { type: 'done', id, output } : { type: 'error', id, error: error as never },
    )
  }

  #carryOut(actor: Actor, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#tell(effect.to, { type: 'event', event: effect.event })
        return
      case 'timer':
        this.#setTimer(actor, effect)
        return
      case 'cancel': {
        const newest = this.#timers.findLastIndex(({ owner, id }) => owner === actor && id === effect.id)
        if (newest !== -1) this.#timers.splice(newest, 1)
        return
      }
      case 'stop':
        this.#remove(childAddress(actor.address, effect.id))
        return
      case 'spawn': {
        const { id, src, input } = effect
        const [compiled, reference] = [actor.executors.compiled, actor.executors.reference].map(logic => {
          const source = logic.source(src)
          if (source?.kind !== 'child') throw new Error(`${src} is no child`)
          return source.logic
        })
        this.#bear(childAddress(actor.address, id), id, { compiled: compiled!, reference: reference! }, input)
      }
    }
  }

  #setTimer(owner: Actor, { id, delayMs, event, to }: Extract<Effect, { type: 'timer' }>): void {
    const stimulus: Stimulus = to === undefined ? { type: 'timer', id, event } : { type: 'event', event }
    const deliver = () => this.#tell(to ?? owner.address, stimulus)
    this.#timers.push({ owner, id, dueAt: this.#now + delayMs, deliver })
  }

  #remove(address: string): void {
    for (const each of this.#actors.keys())
      if (each === address || each.startsWith(`${address}/`)) this.#actors.delete(each)
    this.#timers = this.#timers.filter(({ owner }) => this.#actors.has(owner.address))
  }
}
